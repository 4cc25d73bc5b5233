import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import type { InputSender, RefusedInput, RefusedInputs } from '@watchkeeper/model';
import {
  type DoorLetter,
  isDataRefused,
  type RefusedInputSum,
  type Store,
  saveRefusedInputs,
} from '@watchkeeper/store';

export interface RefusedInputWriterOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What one key sent through one door and could not be taken, for one reason. */
export interface RefusedInputFigure {
  readonly door: string;
  readonly key: string;
  readonly reason: string;
  /** Since the start of the process. */
  readonly count: number;
}

/** Dead letters of one minute: of one door, key and reason, and in all. Everything beyond is counted only. */
const keptOfOneKind = 20;
const keptPerMinute = 200;
const minuteMs = 60_000;
/** Kinds that are told apart; what comes beyond is counted together. */
const toldKinds = 1000;
const keptExcerpt = 2000;
const keptMessage = 500;
const writeEveryMs = 1000;
/** Clients may claim any size; this is the largest that can be written down. */
const largestSize = 2_147_483_647;

interface Kind {
  readonly sender: Pick<InputSender, 'tenant' | 'door'> & { readonly keyName: string };
  readonly reason: string;
  count: number;
  unsaved: number;
  keptThisMinute: number;
  message: string;
  example: string;
}

/**
 * Counts what doors could not take and writes it down in the background: the counts, and the newest as dead letters.
 * While the database is away counts go on in memory and the letters of the last minutes wait.
 */
export class RefusedInputWriter implements RefusedInputs {
  readonly #options: RefusedInputWriterOptions;
  readonly #kinds = new Map<string, Kind>();
  readonly #stop = new AbortController();
  #letters: DoorLetter[] = [];
  #minuteStartMs = Number.NEGATIVE_INFINITY;
  #keptThisMinute = 0;
  #writing: Promise<void> | undefined;

  constructor(options: RefusedInputWriterOptions) {
    this.#options = options;
  }

  figures(): RefusedInputFigure[] {
    return [...this.#kinds.values()].map(({ sender: { door, keyName }, reason, count }) => {
      return { door, key: keyName, reason, count };
    });
  }

  note(sender: InputSender, refused: RefusedInput): void {
    const count = refused.count ?? 1;
    if (count <= 0) return;
    const kind = this.#kindOf(sender, refused.reason);
    kind.count += count;
    kind.unsaved += count;
    if (this.#mayKeep(kind)) this.#keep(kind, sender, refused);
    this.#writing ??= this.#write();
  }

  /** Writes what is left. May be called twice. */
  async drain(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  #kindOf({ tenant, door, keyId, name }: InputSender, reason: string): Kind {
    const id = `${tenant}\n${door}\n${keyId}\n${reason}`;
    const known = this.#kinds.get(id);
    if (known !== undefined) return known;
    if (this.#kinds.size >= toldKinds) {
      const others = { tenant: 'default', door: 'others', keyId: null, name: '' };
      if (!this.#kinds.has(`default\nothers\nnull\n${reason}`)) this.#add(others, reason);
      return this.#kinds.get(`default\nothers\nnull\n${reason}`) as Kind;
    }
    return this.#add({ tenant, door, keyId, name }, reason);
  }

  #add({ tenant, door, keyId, name }: InputSender, reason: string): Kind {
    const sender = { tenant, door, keyName: keyId === null ? '' : name };
    const kind = { sender, reason, count: 0, unsaved: 0, keptThisMinute: 0, message: '', example: '' };
    this.#kinds.set(`${tenant}\n${door}\n${keyId}\n${reason}`, kind);
    return kind;
  }

  #mayKeep(kind: Kind): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#minuteStartMs >= minuteMs) {
      this.#minuteStartMs = nowMs;
      this.#keptThisMinute = 0;
      for (const one of this.#kinds.values()) one.keptThisMinute = 0;
    }
    if (this.#keptThisMinute >= keptPerMinute || kind.keptThisMinute >= keptOfOneKind) return false;
    this.#keptThisMinute += 1;
    kind.keptThisMinute += 1;
    return true;
  }

  #keep(kind: Kind, { tenant, door, keyId, name }: InputSender, refused: RefusedInput): void {
    const { excerpt, reason } = refused;
    const excerptBytes = typeof excerpt === 'string' ? Buffer.byteLength(excerpt) : excerpt.length;
    const sizeBytes = Math.min(refused.sizeBytes ?? excerptBytes, largestSize);
    kind.example = cleanText(beginningOf(excerpt));
    kind.message = cleanText(refused.message.slice(0, keptMessage)).replace(/\s+/g, ' ');
    // Datagrams have a sender that nobody knows.
    const from = name === '' ? door : `${door}, from ${name}`;
    const origin = cleanText(keyId === null ? from : `${door}, key ${name}`);
    this.#letters.push({ tenant, door, origin, reason, message: kind.message, sizeBytes, body: kind.example });
    // Only while the database is away: the newest are kept.
    if (this.#letters.length > keptPerMinute) this.#letters.shift();
  }

  async #write(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; this.#isUnsaved(); ) {
      await clock.pause(
        failures === 0 ? writeEveryMs : backoffMs(failures, { firstMs: 1000, longestMs: 30_000 }),
        signal,
      );
      const isLast = signal.aborted;
      try {
        await this.#save();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1)
          logger.warn({ err: error }, 'what doors refused could not be written down yet; it is tried again');
        if (isLast) break;
      }
    }
    this.#writing = undefined;
  }

  #isUnsaved(): boolean {
    return this.#letters.length > 0 || [...this.#kinds.values()].some(({ unsaved }) => unsaved > 0);
  }

  async #save(): Promise<void> {
    const letters = this.#letters;
    const counted = [...this.#kinds.values()].filter(({ unsaved }) => unsaved > 0);
    const sums = counted.map(
      ({ sender, reason, unsaved, message, example }): RefusedInputSum => ({
        ...sender,
        ...{ reason, count: unsaved, message, example },
      }),
    );
    this.#letters = [];
    for (const kind of counted) kind.unsaved = 0;
    try {
      await saveRefusedInputs(this.#options.store, { sums, letters });
    } catch (error) {
      // What is noted meanwhile comes on top.
      for (const [index, kind] of counted.entries()) kind.unsaved += sums[index]?.count ?? 0;
      // A letter that the database does not take must not stand in the way of the counts for ever.
      if (!isDataRefused(error)) this.#letters = [...letters, ...this.#letters].slice(-keptPerMinute);
      throw error;
    }
  }
}

function beginningOf(excerpt: string | Uint8Array): string {
  if (typeof excerpt === 'string') return excerpt.slice(0, keptExcerpt);
  return Buffer.from(excerpt.subarray(0, keptExcerpt)).toString('utf8');
}

/** Control characters and what turns the direction of text become the replacement character: the text is shown to people. */
function cleanText(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  );
}
