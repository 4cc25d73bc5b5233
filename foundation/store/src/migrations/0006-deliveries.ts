/** What clients without identity sent lately: written in the transaction of the events, so that a repetition is stored once. Only adds. */
export const sql = `
create table deliveries (
  id text primary key,
  expires_at timestamptz not null               -- until then another one of this name is a repetition
);
create index deliveries_by_end on deliveries (expires_at);
`;
