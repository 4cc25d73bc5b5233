/** A priority queue by due time: a binary heap, earliest first. */
export class DueQueue<Item> {
  readonly #heap: { readonly dueMs: number; readonly item: Item }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  push(dueMs: number, item: Item): void {
    const heap = this.#heap;
    const entry = { dueMs, item };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as (typeof heap)[number];
      if (above.dueMs <= dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the earliest item when it is due. */
  popDue(nowMs: number): { readonly dueMs: number; readonly item: Item } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    const last = heap.pop() as (typeof heap)[number];
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(entry: { readonly dueMs: number; readonly item: Item }): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1]?.dueMs as number) < (heap[child]?.dueMs as number)) child += 1;
      const below = heap[child] as (typeof heap)[number];
      if (below.dueMs >= entry.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}
