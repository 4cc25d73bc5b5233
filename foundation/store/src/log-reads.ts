import type { LoggedEvent, LogPosition } from '@watchkeeper/model';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { copyHeader, decodeRow, eventColumns } from './event-rows.ts';
import type { SeriesDictionary } from './series-dictionary.ts';

const columns = eventColumns.map((column) => (column === 'values' ? '"values"' : column)).join(', ');

/** Bounds of how much arrival time one look takes in, microseconds. */
const narrowestUs = 20_000;
const widestUs = 10_000_000;

/**
 * Reads the log from the database. Arrival never falls within a partition, so the arrival of a position bounds the
 * search from below and one BRIN index serves whatever the offsets are; the bound from above follows the rate of the
 * log, so that a reader that is far behind sorts little more than it takes.
 */
export class LogReader {
  readonly #dictionary: SeriesDictionary;
  #windowUs = widestUs;

  constructor(dictionary: SeriesDictionary) {
    this.#dictionary = dictionary;
  }

  /** Events of a partition after a position, offsets rising by one. */
  async read(client: pg.ClientBase, partition: number, after: LogPosition, limit: number): Promise<LoggedEvent[]> {
    let rows = await copyOut(client, partition, after, limit, after.receivedUs + this.#windowUs);
    if (rows.length === limit) this.#windowUs = Math.max(narrowestUs, Math.floor(this.#windowUs / 2));
    else if (rows.length < limit / 4) this.#windowUs = Math.min(widestUs, this.#windowUs * 2);
    if (rows.length === 0) rows = await copyOut(client, partition, after, limit, undefined);
    const seriesOf = await this.#dictionary.ofIds(client, rows.map(seriesIdOf));
    return rows.map((row) => decodeRow(row, seriesOf));
  }
}

type Row = (Buffer | null)[];

const seriesIdOf = (row: Row) => (row[2] as Buffer).readBigInt64BE(0).toString();

/** Reads rows as binary COPY: the same format as they were written in, and no text in between. */
async function copyOut(
  client: pg.ClientBase,
  partition: number,
  after: LogPosition,
  limit: number,
  untilUs: number | undefined,
): Promise<Row[]> {
  const at = (us: number) => `timestamptz 'epoch' + ${wholeNumber(us)} * interval '1 microsecond'`;
  // COPY takes no parameters; everything that varies is a whole number.
  const query = `select ${columns} from events
    where received_at >= ${at(after.receivedUs)} ${untilUs === undefined ? '' : `and received_at <= ${at(untilUs)}`}
      and log_partition = ${wholeNumber(partition)} and log_offset > ${wholeNumber(after.offset)}
    order by log_offset limit ${wholeNumber(limit)}`;
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(copyTo(`copy (${query}) to stdout binary`))) chunks.push(chunk as Buffer);
  return splitRows(Buffer.concat(chunks));
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}

/** Cuts the answer of a binary COPY into rows of fields. */
function splitRows(bytes: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = copyHeader.length; ; ) {
    const fields = bytes.readInt16BE(at);
    if (fields < 0) return rows;
    at += 2;
    const row: Row = [];
    for (let field = 0; field < fields; field++) {
      const length = bytes.readInt32BE(at);
      at += 4;
      row.push(length < 0 ? null : bytes.subarray(at, at + length));
      if (length > 0) at += length;
    }
    rows.push(row);
  }
}
