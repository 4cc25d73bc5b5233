import { type Topic, topics } from './messages.ts';

/** Who wants to be woken by what; every driver keeps its handlers here. */
export class HandlersByTopic {
  readonly #handlers = new Map<Topic, Set<() => void>>(topics.map((topic) => [topic, new Set()]));

  /** Returns the unsubscribing function. */
  add(topic: Topic, handler: () => void): () => void {
    const ofTopic = this.#handlers.get(topic);
    ofTopic?.add(handler);
    return () => ofTopic?.delete(handler);
  }

  /** Calls the handlers of a topic that arrived as text; one that this version does not know has none. */
  call(topic: string): void {
    for (const handler of this.#handlers.get(topic as Topic) ?? []) handler();
  }

  /** After a connection was made: anything may have been missed. */
  callAll(): void {
    for (const topic of topics) this.call(topic);
  }
}
