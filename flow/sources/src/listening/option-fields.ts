import { parseDuration } from '@watchkeeper/model';
import { Type } from 'typebox';

/** Options that several listeners share. */

export const isEnabled = () => Type.Boolean({ description: 'Whether it listens at all', default: true });

export const hostAddress = () =>
  Type.String({
    description:
      'Address of this machine; 0.0.0.0 and :: are all of them. Nobody is asked for a key: keep it where only those reach it who may send',
    minLength: 1,
    maxLength: 255,
    pattern: '^[^\\s/]+$',
    default: '127.0.0.1',
  });

export const portNumber = (initial: number) =>
  Type.Integer({ description: 'Port; 0 is any that is free', minimum: 0, maximum: 65_535, default: initial });

export const receiveBuffer = () =>
  Type.Integer({
    description:
      'Bytes of datagrams that the system is asked to keep until they are read; Linux grants what net.core.rmem_max allows',
    minimum: 4096,
    maximum: 1_073_741_824,
    default: 8_388_608,
  });

export const duration = (description: string, initial: string) =>
  Type.String({ description, pattern: '^([1-9]\\d*(ms|s|m|h|d))+$', default: initial });

/** Longest time that a timer of Node.js can wait, milliseconds. */
const longestMs = 2 ** 31 - 1;

/** The milliseconds of a duration that its schema has accepted. */
export const millisecondsOf = (text: string): number => Math.min(parseDuration(text) as number, longestMs);

/** Bounds of connections. */
export const connectionBounds = {
  connections: Type.Integer({
    description: 'Connections that may be open at the same time',
    minimum: 1,
    maximum: 100_000,
    default: 500,
  }),
  idleAfter: duration('How long a connection may be silent before it is closed', '15m'),
  lineBytes: Type.Integer({ description: 'Longest line', minimum: 100, maximum: 1_048_576, default: 8192 }),
};
