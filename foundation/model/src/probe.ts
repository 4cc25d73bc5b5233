import type { Outcome } from './states.ts';

/** Checks on demand, for scrapers that ask as they ask blackbox_exporter. */
export interface Prober {
  /**
   * One check, at most as long as the module and the scraper allow. Never rejects for what the target does.
   * @throws WatchkeeperError `probes_busy` when too many are under way
   */
  probe(question: ProbeQuestion): Promise<ProbeAnswer>;
}

export interface ProbeQuestion {
  /** What is checked how: `http_2xx`. */
  readonly module: string;
  /** An address, or host:port: what the module takes. */
  readonly target: string;
  /** Asked for instead of the target's own name: in the Host header and in TLS. */
  readonly hostname?: string;
  /** How long the scraper waits, milliseconds. */
  readonly withinMs?: number;
  /** Ends the check: the scraper has gone. */
  readonly signal: AbortSignal;
}

export type ProbeAnswer =
  /** The question makes no sense; a sentence that says why. */
  | { readonly ok: false; readonly message: string }
  | {
      readonly ok: true;
      readonly outcome: Outcome;
      /** Why it is not ok. */
      readonly message?: string;
      readonly metrics: readonly ProbedMetric[];
    };

/** One metric as Prometheus reads it, a gauge. */
export interface ProbedMetric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What an attempt saw beyond what is stored. */
export interface SeenFacts {
  /** Of the last connection; undefined without TLS. */
  readonly certificate?: SeenCertificate | undefined;
  /** What the answer says of itself, bytes; -1 when it says nothing. */
  readonly contentLength?: number;
  /** Of the answer; undefined when it says nothing. Milliseconds since 1970-01-01 UTC. */
  readonly lastModifiedMs?: number | undefined;
  /** Of the unpacked body. */
  readonly unpackedBytes?: number;
}

export interface SeenCertificate {
  /** When the first of the shown certificates expires, milliseconds since 1970-01-01 UTC. */
  readonly expiresAtMs: number;
  /** The same of the chain up to a known authority; null when it is not trusted. */
  readonly chainExpiresAtMs: number | null;
  /** As in `CN=shop.example,O=Shop`. */
  readonly subject: string;
  readonly issuer: string;
  /** Names of hosts that it is for, separated by commas. */
  readonly alternatives: string;
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string;
}
