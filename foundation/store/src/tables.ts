import type { ColumnType, Generated, JSONColumnType } from 'kysely';

/** The tables as TypeScript sees them; the truth is in `migrations/`. Instants are read as Date and written as Date or text. */

type Instant = ColumnType<Date, Date | string, Date | string>;
type DefaultInstant = ColumnType<Date, Date | string | undefined, Date | string>;
/** bigint columns are read as numbers: every one of them stays below 2^53. */
type Big = number;
type Json<T extends object> = JSONColumnType<T, string, string>;

export interface Tables {
  tenants: { id: Generated<number>; name: string; created_at: DefaultInstant };
  environments: { tenant_id: number; name: string; title: string; version: Generated<number> };
  zones: { tenant_id: number; name: string; title: string; code: string; version: Generated<number> };
  services: { tenant_id: number; name: string; title: string; depends_on: string[]; version: Generated<number> };
  monitors: {
    id: string;
    tenant_id: number;
    name: string;
    service: string;
    environment: string;
    zones: string[];
    type: string;
    options: Json<Record<string, unknown>>;
    target: string;
    interval_ms: number;
    timeout_ms: number;
    retries: number;
    assertions: string[];
    labels: Json<Record<string, string>>;
    paused: boolean;
    applied: Generated<boolean>;
    version: Generated<number>;
    created_at: DefaultInstant;
    updated_at: DefaultInstant;
    deleted_at: Instant | null;
  };
  check_runs: {
    id: string;
    tenant_id: number;
    monitor_id: string | null;
    definition: Json<Record<string, unknown>>;
    requested_at: DefaultInstant;
  };
  check_run_zones: {
    run_id: string;
    zone: string;
    claimed_at: Instant | null;
    finished_at: Instant | null;
    result: Json<Record<string, unknown>> | null;
  };
  rollup_definitions: {
    id: Generated<number>;
    tenant_id: number | null;
    name: string;
    definition: Json<Record<string, unknown>>;
    built_in: Generated<boolean>;
    version: Generated<number>;
  };
  producers: {
    id: Generated<number>;
    name: string;
    epoch: Big;
    last_seq: Big;
    missing: Generated<Big[]>;
    updated_at: DefaultInstant;
  };
  series: {
    id: string;
    tenant_id: number;
    environment: string;
    zone: string;
    host: string;
    guest: string;
    service: string;
    name: string;
    source: string;
    attributes: Json<Record<string, string>>;
    value_names: string[];
    canonical: string;
    created_at: DefaultInstant;
  };
  log_heads: { log_partition: number; last_offset: Big; received_at: DefaultInstant };
  events: {
    received_at: Instant;
    time: Instant;
    series_id: string;
    log_offset: Big;
    seq: Big;
    epoch: Big;
    producer_id: number;
    tenant_id: number;
    log_partition: number;
    time_ns: number;
    outcome: number;
    values: (number | null)[];
    reason: string | null;
    detail: Record<string, unknown> | null;
  };
  check_slots: { monitor_id: string; slot_at: Instant; zone: string; attempt: number; tenant_id: number };
  reader_positions: {
    reader: string;
    log_partition: number;
    epoch: Generated<Big>;
    log_offset: Generated<Big>;
    received_at: DefaultInstant;
    updated_at: DefaultInstant;
    skipped: Generated<Big>;
  };
  leases: { name: string; holder: string; epoch: Generated<Big>; expires_at: Instant; serves: string[] | null };
  intake_positions: {
    topic: string;
    topic_id: string;
    topic_partition: number;
    log_partition: number;
    next_offset: Big;
    skipped: Generated<Big>;
    updated_at: DefaultInstant;
  };
  dead_letters: {
    id: Generated<Big>;
    at: DefaultInstant;
    tenant_id: number | null;
    origin: string;
    event_index: number | null;
    reason: string;
    message: string;
    size_bytes: number;
    body: string | null;
    door: string | null;
  };
  refused_inputs: {
    tenant_id: number;
    door: string;
    key_name: string;
    reason: string;
    count: Big;
    first_at: DefaultInstant;
    last_at: DefaultInstant;
    message: string;
    example: string;
  };
  sinks: {
    id: Generated<number>;
    tenant_id: number;
    name: string;
    definition: Json<Record<string, unknown>>;
    paused: boolean;
    version: Generated<number>;
  };
  sink_progress: {
    sink_id: number;
    log_partition: number;
    chosen: Generated<Big>;
    refused: Generated<Big>;
    forwarded_at: Instant | null;
    failing_since: Instant | null;
    attempts: Generated<number>;
    last_error: string | null;
    epoch: Generated<Big>;
    sent_until: Instant | null;
    period_counts: Json<Record<string, number>>;
  };
  sink_refusals: {
    id: Generated<Big>;
    sink_id: number;
    tenant_id: number;
    at: DefaultInstant;
    event: string;
    reason: string;
    body: string | null;
  };
  rollup_keys: {
    id: string;
    definition_id: number;
    tenant_id: number;
    key: Json<Record<string, string>>;
    monitor_id: ColumnType<string | null, never, never>;
  };
  rollups: {
    key_id: string;
    granularity_s: number;
    bucket_at: Instant;
    tenant_id: number;
    count: Big;
    value_counts: Big[];
    sums: number[];
    minimums: number[];
    maximums: number[];
    counters: Json<Record<string, Record<string, number>>>;
    distributions: Json<Record<string, Record<string, number>>>;
  };
  monitor_states: {
    monitor_id: string;
    zone: string;
    tenant_id: number;
    state: string;
    since: Instant | null;
    reason: string | null;
    message: string | null;
    last_checked_at: Instant | null;
    last_outcome: string | null;
    last_duration_ms: number | null;
    last_reported_at: Instant | null;
  };
  service_states: {
    tenant_id: number;
    service: string;
    environment: string;
    state: string;
    since: Instant;
    reason: string | null;
    message: string | null;
    held_by: string | null;
  };
  state_changes: {
    id: Generated<Big>;
    at: Instant;
    tenant_id: number;
    service: string;
    environment: string;
    monitor_id: string | null;
    zone: string | null;
    state: string;
    previous_state: string | null;
    reason: string | null;
    message: string | null;
  };
  alert_channels: {
    tenant_id: number;
    name: string;
    type: string;
    options: Json<Record<string, unknown>>;
    states: string[];
    environments: string[];
    services: string[];
    group_wait_ms: number;
    resolved: boolean;
    paused: boolean;
    version: Generated<number>;
  };
  alerts: {
    id: string;
    tenant_id: number;
    service: string;
    environment: string;
    state: string;
    reason: string | null;
    message: string | null;
    opened_at: Instant;
    changed_at: Instant;
    resolved_at: Instant | null;
    held_by: string | null;
  };
  alert_deliveries: {
    id: Generated<Big>;
    tenant_id: number;
    alert_id: string | null;
    channel: string;
    kind: string;
    state: string;
    previous_state: string | null;
    created_at: DefaultInstant;
    due_at: DefaultInstant;
    attempts: Generated<number>;
    notification_id: string | null;
    claimed_until: Instant | null;
    delivered_at: Instant | null;
    given_up_at: Instant | null;
    last_error: string | null;
  };
  notifications: {
    place: Generated<Big>;
    id: Generated<string>;
    tenant_id: number;
    type: string;
    subject: string;
    at: Instant;
    data: Json<Record<string, unknown>>;
    due_at: DefaultInstant;
    attempts: Generated<number>;
    claimed_until: Instant | null;
    delivered_at: Instant | null;
    last_error: string | null;
  };
  api_keys: {
    id: string;
    tenant_id: number;
    name: string;
    role: string;
    secret_hash: Buffer;
    created_at: DefaultInstant;
    expires_at: Instant | null;
    last_used_at: Instant | null;
    revoked_at: Instant | null;
  };
  login_links: {
    token_hash: Buffer;
    tenant_id: number;
    key_id: string | null;
    name: string;
    role: string;
    expires_at: Instant;
    used_at: Instant | null;
  };
  sessions: {
    token_hash: Buffer;
    tenant_id: number;
    key_id: string | null;
    name: string;
    role: string;
    created_at: DefaultInstant;
    expires_at: Instant;
  };
  idempotency_keys: {
    tenant_id: number;
    caller: string;
    key: string;
    request_hash: Buffer;
    status: number | null;
    answer: Json<Record<string, unknown>> | null;
    created_at: DefaultInstant;
  };
  deliveries: { id: string; expires_at: Instant };
  change_records: {
    id: Generated<Big>;
    at: DefaultInstant;
    tenant_id: number;
    actor: string;
    actor_key_id: string | null;
    action: string;
    object: string;
    before_hash: string | null;
    after_hash: string | null;
    request_id: string;
    remote_address: string | null;
  };
  processes: {
    id: string;
    host: string;
    pid: number;
    version: string;
    roles: string[];
    zones: string[];
    started_at: Instant;
    seen_at: Instant;
    figures: Json<Record<string, unknown>>;
  };
}
