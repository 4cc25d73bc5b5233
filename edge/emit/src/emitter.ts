import type { EmittedEvent, EventOrigin } from './emitted-event.ts';

export interface EmitterOptions extends EventOrigin {
  /** Address of Watchkeeper: `https://watch.example.org`. */
  readonly server: string;
  /** API key of role `ingest`. */
  readonly key: string;
  /** Folder of the buffer, on a disk of this machine. Processes of one application may share it. */
  readonly folder: string;
  /** Most bytes of the buffer on disk. Default 64 MiB. Beyond it the oldest events are dropped and counted. */
  readonly bufferBytes?: number;
  /** Most events in memory that wait to be written down, or while the disk takes nothing. Default 10 000. */
  readonly memoryEvents?: number;
  /** Certificates (PEM) that the server is checked by instead of the known roots. */
  readonly ca?: string;
  /** Longest time of one request, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Longest time by which the end of the process is put off to send what waits, milliseconds. Default 2000. */
  readonly flushMs?: number;
  /** Signals at which to flush and then to end, such as `['SIGTERM']`; none when left out. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Told what goes wrong, each thing once a minute at most. A warning of the process when left out. */
  readonly onProblem?: (message: string) => void;
}

export interface EmitterStats {
  /** Events given to `emit`. */
  readonly emitted: number;
  /** Events that the server has stored since the start, those of an earlier start too. */
  readonly sent: number;
  /** Events that wait to be sent. */
  readonly waiting: number;
  /** Events lost: no room, or a damaged buffer. */
  readonly dropped: number;
  /** Events refused for what they are, here or by the server. */
  readonly refused: number;
  /** Bytes of the buffer on disk. */
  readonly bufferBytes: number;
  /** Why events cannot be sent or kept now; null while they can. */
  readonly lastError: string | null;
}

export interface Emitter {
  /** Takes an event. Never throws and never waits: what cannot be taken is counted. */
  emit(event: EmittedEvent): void;
  stats(): EmitterStats;
  /** Writes down and sends what waits, at most for so many milliseconds (`flushMs`). Never rejects. */
  flush(withinMs?: number): Promise<void>;
  /** As `flush`, and takes nothing more. What the server did not take waits on disk for the next start. */
  close(withinMs?: number): Promise<void>;
}
