import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino } from 'pino';

/** Structured log: one JSON object a line, or for people in a terminal a short line. */
export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json` for machines, `text` for a terminal. */
  readonly format: 'json' | 'text';
  readonly destination: NodeJS.WritableStream;
  /** Told of every line that speaks of an error, as far as the level lets it be written. */
  readonly onError?: (message: string) => void;
}

/** Keys whose values never reach the log. */
const secretKeys = ['password', 'secret', 'token', 'authorization', 'cookie', 'key'];

export function createLogger({ level, format, destination, onError }: LogOptions): Logger {
  const redact = { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '***' };
  const stream: DestinationStream =
    format === 'json' ? destination : { write: (line: string) => destination.write(textLine(line)) };
  const hooks: LoggerOptions['hooks'] =
    onError === undefined
      ? {}
      : {
          logMethod(args, method, levelNumber) {
            const message = errorMessageOf(args, levelNumber);
            if (message !== undefined) onError(message);
            return method.apply(this, args);
          },
        };
  return pino({ level, redact, hooks, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** What a line says of an error: warnings that carry one, and everything worse. */
function errorMessageOf([first, second]: readonly unknown[], levelNumber: number): string | undefined {
  const text = typeof first === 'string' ? first : typeof second === 'string' ? second : '';
  const error = typeof first === 'object' && first !== null ? (first as { err?: unknown }).err : undefined;
  if (levelNumber < 50 && (levelNumber < 40 || error === undefined)) return undefined;
  const why = error instanceof Error ? error.message : '';
  return [text, why].filter((part) => part !== '').join(': ');
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
