import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Logger, writeAtomically } from '@watchkeeper/kit';
import { ZoneSchedule } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const Remembered = Type.Object({
  server: Type.String(),
  /** The last thing the server said of the zone was that this process watches from it. */
  isHeld: Type.Boolean(),
  pages: Type.Array(
    Type.Object({ after: Type.Union([Type.String(), Type.Null()]), etag: Type.String(), schedule: ZoneSchedule }),
  ),
});
type Remembered = Static<typeof Remembered>;
export type SchedulePage = Remembered['pages'][number];
const validator = Compile(Remembered);

/**
 * What the server last said of a zone, kept in a file, so that a process that starts while the server is away goes on
 * where the one before was.
 */
export class ZoneMemory {
  readonly #file: string;
  readonly #logger: Logger;
  #known: Remembered;

  private constructor(file: string, logger: Logger, known: Remembered) {
    this.#file = file;
    this.#logger = logger;
    this.#known = known;
  }

  static async open(file: string, server: string, logger: Logger): Promise<ZoneMemory> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const known = await read(file, logger);
    // What another server said does not count here.
    const isOurs = known !== undefined && known.server === server;
    return new ZoneMemory(file, logger, isOurs ? known : { server, isHeld: false, pages: [] });
  }

  get isHeld(): boolean {
    return this.#known.isHeld;
  }

  get pages(): readonly SchedulePage[] {
    return this.#known.pages;
  }

  async remember(news: Partial<Pick<Remembered, 'isHeld' | 'pages'>>): Promise<void> {
    this.#known = { ...this.#known, ...news };
    try {
      await writeAtomically(this.#file, `${JSON.stringify(this.#known)}\n`);
    } catch (error) {
      this.#logger.warn(
        { err: error, file: this.#file },
        'the schedule could not be kept for a start without the server',
      );
    }
  }
}

async function read(file: string, logger: Logger): Promise<Remembered | undefined> {
  try {
    const known: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (validator.Check(known)) return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  logger.warn({ file }, 'the kept schedule cannot be read; the server is asked for it');
  return undefined;
}
