/** Nobody takes check slots of another tenant: the tenant belongs to the key. Processes of the release before write the first one. */
export const sql = `
alter table check_slots add column tenant_id integer not null default 1;
alter table check_slots drop constraint check_slots_pkey;
alter table check_slots add primary key (monitor_id, zone, slot_at, attempt, tenant_id);
`;
