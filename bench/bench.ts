/** A measurement of ours beside a peer or a physical limit, in one run on one machine. */
export interface Bench {
  /** Equals the file name. */
  readonly name: string;
  readonly summary: string;
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}

export interface BenchOptions {
  /** A short run that shows that the bench works; its figures mean little. */
  readonly quick: boolean;
  /** Tells what is going on. */
  readonly progress: (text: string) => void;
}

export interface BenchRow {
  readonly what: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  /** Ours against the peer; above 1 is better than the peer. */
  readonly ratio: number;
  /** Ratio we want at least; null where there is none. */
  readonly goal: number | null;
  readonly note?: string;
}
