/** The outbox of notifications for programs outside: written in the transaction of the effect, brought out later. */
export const sql = `
create table notifications (
  id uuid primary key default gen_random_uuid(), -- what receivers drop repetitions by; never changes
  place bigint not null generated always as identity,
  tenant_id integer not null references tenants,
  type text not null,
  subject text not null,                         -- those of one subject go out one after the other
  at timestamptz not null,
  data jsonb not null,
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  claimed_until timestamptz,
  delivered_at timestamptz,
  last_error text
);
create index notifications_waiting on notifications (place) where delivered_at is null;
create index notifications_of_subject on notifications (tenant_id, subject, place) where delivered_at is null;
create index notifications_by_delivery on notifications (delivered_at) where delivered_at is not null;

alter table notifications enable row level security;
create policy tenant_rows on notifications for select to wk_reader
  using ((select current_setting('wk.tenant_id')::integer) in (-1, tenant_id));
grant select on notifications to wk_reader;
`;
