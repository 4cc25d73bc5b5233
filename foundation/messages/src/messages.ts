/** What may have changed. A message says only that; the reader reads the rows. */
export const topics = ['monitors', 'services', 'check-runs', 'events', 'states', 'alerts', 'rollups', 'sinks'] as const;
export type Topic = (typeof topics)[number];

/** Wake-ups between processes. Rows first: a lost or doubled message does no harm beyond a delay. */
export interface Messages {
  publish(topic: Topic): Promise<void>;
  /** The handler is also called after a reconnect, since messages may have been missed. Returns the unsubscribing function. */
  subscribe(topic: Topic, handler: () => void): () => void;
  /** Ends the connection. May be called twice. */
  close(): Promise<void>;
}
