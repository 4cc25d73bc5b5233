import { WatchkeeperError } from '@watchkeeper/model';

/**
 * Cursors of keyset paging: the place of the last row of a page, opaque to the caller. A cursor names its list and
 * order, so that it cannot be used with another.
 */
export type CursorPlace = readonly (string | number)[];

export function encodeCursor(list: string, place: CursorPlace): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** Stands for any UUID in the example of a place. */
export const anyUuid = '00000000-0000-0000-0000-000000000000';

/**
 * The place in a cursor that `encodeCursor` made for the same list; `example` gives the types of its parts.
 * @throws WatchkeeperError `cursor_invalid`
 */
export function decodeCursor<Place extends CursorPlace>(list: string, cursor: string, example: Place): Place {
  const parts = parse(cursor);
  const place = Array.isArray(parts) && parts[0] === list ? parts.slice(1) : [];
  const isRight = place.length === example.length && place.every((part, index) => isLike(part, example[index]));
  if (!isRight) {
    throw new WatchkeeperError(
      'cursor_invalid',
      'The cursor does not belong to this list and order. Ask for the first page without a cursor and go on with its `next`.',
      { problems: [{ pointer: 'query:cursor', message: 'not a cursor of this list' }] },
    );
  }
  return place as unknown as Place;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Not JSON is not a cursor: the caller of this function says so.
    return undefined;
  }
}

function isLike(part: unknown, example: string | number | undefined): boolean {
  if (typeof part === 'number') return typeof example === 'number' && Number.isSafeInteger(part);
  if (typeof part !== 'string' || typeof example !== 'string') return false;
  return example === anyUuid ? /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(part) : !part.includes('\0');
}
