import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/** Structured log: one JSON object a line, or for people in a terminal a short line. */
export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json` for machines, `text` for a terminal. */
  readonly format: 'json' | 'text';
  readonly destination: NodeJS.WritableStream;
}

/** Keys whose values never reach the log. */
const secretKeys = ['password', 'secret', 'token', 'authorization', 'cookie', 'key'];

export function createLogger({ level, format, destination }: LogOptions): Logger {
  const redact = { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '***' };
  const stream: DestinationStream =
    format === 'json' ? destination : { write: (line: string) => destination.write(textLine(line)) };
  return pino({ level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

function textLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const fields = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack =
    typeof err === 'object' && err !== null ? `\n  ${(err as { stack?: string; message?: string }).stack ?? ''}` : '';
  return `${clock} ${(levelNames[Number(level)] ?? 'info').padEnd(5)} ${String(msg ?? '')}${fields.join('')}${stack}\n`;
}
