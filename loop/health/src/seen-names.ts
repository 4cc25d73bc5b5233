import type { LoggedEvent } from '@watchkeeper/model';
import { noteSeenNames, type SeenName, type Store } from '@watchkeeper/store';

/** A name is noted again only when it was seen this much later, microseconds: the catalogue shows seconds, not events. */
const everyUs = 5_000_000;
const keptNames = 10_000;

/** Tells the catalogue when names of events were last seen, for one partition of the log. */
export class SeenNames {
  readonly #store: Store;
  readonly #notedUs = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Beside the transaction of the position: what is lost in a crash is noted with the next event. */
  async note(events: readonly LoggedEvent[]): Promise<void> {
    const seen = new Map<string, SeenName>();
    for (const { series, receivedUs } of events) {
      seen.set(`${series.tenant} ${series.name}`, { tenant: series.tenant, name: series.name, receivedUs });
    }
    const news = [...seen].filter(([key, { receivedUs }]) => receivedUs - (this.#notedUs.get(key) ?? 0) >= everyUs);
    if (news.length === 0) return;
    await noteSeenNames(
      this.#store.db,
      news.map(([, name]) => name),
    );
    if (this.#notedUs.size > keptNames) this.#notedUs.clear();
    for (const [key, { receivedUs }] of news) this.#notedUs.set(key, receivedUs);
  }
}
