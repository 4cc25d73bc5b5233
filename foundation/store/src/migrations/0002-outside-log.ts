/**
 * A log outside of the database: how far each partition of its topics has been stored, messages that could not be
 * taken, and holders of leases that share them. Only adds, so processes of the release before go on beside this one.
 */
export const sql = `
-- Sequence numbers below last_seq that have not come yet, as pairs "from, to": what comes late is stored all the same.
alter table producers add column missing bigint[] not null default '{}';

-- What a holder can work on, for holders that share leases by membership; null: everything.
alter table leases add column serves text[];

create table intake_positions (
  topic text not null,
  topic_id text not null,                        -- another one under the same name begins at its beginning
  topic_partition integer not null,
  log_partition smallint not null,               -- where its events are stored
  next_offset bigint not null,
  skipped bigint not null default 0,             -- messages that the topic had dropped before they were read
  updated_at timestamptz not null default now(),
  primary key (topic, topic_partition)
);

-- Messages and events that could not be taken, with the reason; they never stop what comes behind them.
create table dead_letters (
  id bigint primary key generated always as identity,
  at timestamptz not null default now(),
  tenant_id integer references tenants,          -- null: nobody knows whose it is
  origin text not null,                          -- where it came from: 'kafka watchkeeper.events/3 at 1204'
  event_index integer,                           -- null: the whole message
  reason text not null,                          -- a code of the error catalogue
  message text not null,
  size_bytes integer not null,
  body text                                      -- its beginning
);
create index dead_letters_by_time on dead_letters (at desc, id desc);
alter table dead_letters enable row level security;
create policy tenant_rows on dead_letters for select to wk_reader
  using ((select current_setting('wk.tenant_id')::integer) in (-1, tenant_id));
grant select on dead_letters, intake_positions to wk_reader;
`;
