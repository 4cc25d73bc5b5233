import { allTenants, databaseNow, readLeases, readProcesses, readReaders } from '@watchkeeper/store';
import type { Handlers } from '../handler.ts';
import { processListOf } from '../process-views.ts';

export const processHandlers = {
  // Processes belong to the installation, not to a tenant: whoever may read sees all of them.
  async listProcesses(_call, { store, databaseBackMs }) {
    return store.read(allTenants, async (tx) =>
      processListOf({
        at: await databaseNow(tx),
        backMs: databaseBackMs(),
        processes: await readProcesses(tx),
        leases: await readLeases(tx),
        readers: await readReaders(tx),
      }),
    );
  },
} satisfies Partial<Handlers>;
