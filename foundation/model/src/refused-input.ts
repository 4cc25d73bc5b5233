import { type Static, Type } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { Instant, Nullable } from './fields.ts';

/** Who sent something through a door. */
export interface InputSender {
  /** The door: its path without the first slash (`write`, `v1/metrics`), or the name of a listener (`statsd`). */
  readonly door: string;
  readonly tenant: string;
  /** Public part of the API key; null at doors that ask for none. */
  readonly keyId: string | null;
  /** Name of the key, or the address of a peer that shows none. */
  readonly name: string;
}

/** Something that a door could not take. */
export interface RefusedInput {
  readonly reason: ErrorCode;
  /** What is wrong with it and where: `line 3: missing fields`. */
  readonly message: string;
  /** What was refused; its beginning is kept. Empty where nobody has read it. */
  readonly excerpt: string | Uint8Array;
  /** Bytes of what was refused; those of the excerpt when left out. */
  readonly sizeBytes?: number;
  /** How many lines, events and the like it stands for. Default 1. */
  readonly count?: number;
}

/** Where doors tell what they could not take. */
export interface RefusedInputs {
  /**
   * Counts it by door, key and reason, and keeps the newest as dead letters. Returns at once, waits for nothing and never
   * throws: what is kept is copied, bounded per minute, and written in the background.
   */
  note(sender: InputSender, refused: RefusedInput): void;
}

export type RefusedInputCount = Static<typeof RefusedInputCount>;
export const RefusedInputCount = Type.Object(
  {
    tenant: Type.String({ description: 'Whose key it was' }),
    door: Type.String({ description: 'Path or protocol: `write`, `v1/metrics`, `statsd`' }),
    key: Nullable(Type.String({ description: 'Name of the key; null at doors that ask for none' })),
    reason: Type.String({ description: 'A code of the error catalogue' }),
    count: Type.Integer({ description: 'Lines, events, datagrams and bodies that were refused since `firstAt`' }),
    firstAt: Instant('When the first one was refused'),
    lastAt: Instant('When the last one was refused'),
    message: Type.String({ description: 'What was wrong with one of the newest' }),
    example: Type.String({ description: 'How it begins; of too many new series, one of the newest of them' }),
  },
  { $id: 'RefusedInputCount', description: 'What one key sent through one door and could not be taken, by reason' },
);
