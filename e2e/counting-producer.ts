/** A program that sends numbered events all the time and keeps count of those whose arrival was confirmed. */
export class CountingProducer {
  readonly #url: string;
  readonly #key: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Events 1 to this one were answered with 2xx. */
  acknowledged = 0;
  /** Attempts that were not answered, or with "come again". */
  repeated = 0;

  constructor({ url, key }: { readonly url: string; readonly key: string }) {
    this.#url = url;
    this.#key = key;
    this.#running = this.#run();
  }

  /** Sends no more; resolves when the last answer has come. @throws Error when events were refused */
  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#running;
    return this.acknowledged;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const status = await this.#send(this.acknowledged + 1).catch(() => undefined);
      if (status === undefined || status >= 500 || status === 429) this.repeated += 1;
      else if (status === 200) this.acknowledged += batchEvents;
      else throw new Error(`events from ${this.acknowledged + 1} on were answered with ${status}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #send(firstSeq: number): Promise<number> {
    const timeUs = Date.now() * 1000;
    const response = await fetch(`${this.#url}/api/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ version: 1, producer: 'counter', epoch: 1, firstSeq },
        series: [{ zone: 'outside', name: 'door.opened', source: 'counter', valueNames: ['number'] }],
        events: Array.from({ length: batchEvents }, (_, index) => ({
          ...{ series: 0, timeUs, outcome: 'ok', values: [firstSeq + index] },
        })),
      }),
      signal: AbortSignal.timeout(10_000),
    });
    await response.arrayBuffer();
    return response.status;
  }
}

const batchEvents = 10;
const pauseMs = 200;
