import type { Handlers } from '../handler.ts';
import { accessHandlers } from './access.ts';
import { alertRuleHandlers } from './alert-rules.ts';
import { alertHandlers } from './alerts.ts';
import { catalogueHandlers } from './catalogue.ts';
import { deadLetterHandlers } from './dead-letters.ts';
import { eventHandlers } from './events.ts';
import { monitorReadHandlers } from './monitor-reads.ts';
import { monitorHandlers } from './monitors.ts';
import { objectHandlers } from './objects.ts';
import { overviewHandlers } from './overview.ts';
import { processHandlers } from './processes.ts';
import { productHandlers } from './product.ts';
import { queryHandlers } from './query.ts';
import { remoteZoneHandlers } from './remote-zones.ts';
import { rollupHandlers } from './rollups.ts';
import { serviceHandlers } from './services.ts';
import { sinkHandlers } from './sinks.ts';

/** One handler per operation; the type makes it complete. */
export const handlers: Handlers = {
  ...productHandlers,
  ...processHandlers,
  ...monitorReadHandlers,
  ...monitorHandlers,
  ...serviceHandlers,
  ...overviewHandlers,
  ...eventHandlers,
  ...deadLetterHandlers,
  ...queryHandlers,
  ...catalogueHandlers,
  ...rollupHandlers,
  ...alertHandlers,
  ...alertRuleHandlers,
  ...sinkHandlers,
  ...remoteZoneHandlers,
  ...objectHandlers,
  ...accessHandlers,
};
