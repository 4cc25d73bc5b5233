import { type ValueAxis, valueAtShare } from './plot-layout.ts';

/** A rectangle of cells in one lane, moved and grown by arrow keys. Row 0 is the lowest. */
export interface CellCursor {
  readonly lane: number;
  readonly x: number;
  readonly y: number;
  /** The corner that Shift with an arrow moves; equal to x and y while it is one cell. */
  readonly toX: number;
  readonly toY: number;
}

export const cursorColumns = 60;
export const cursorRows = 24;

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** The cursor after a key; undefined when the key is none of its own. It begins in the middle of the newest column. */
export function moveCursor(
  cursor: CellCursor | undefined,
  key: string,
  isGrowing: boolean,
  laneCount: number,
): CellCursor | undefined {
  const step = steps[key];
  if (step === undefined) return undefined;
  if (cursor === undefined) {
    const [x, y] = [cursorColumns - 1, Math.floor(cursorRows / 2)];
    return { lane: 0, x, y, toX: x, toY: y };
  }
  const [dx, dy] = step;
  const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
  if (isGrowing) {
    return { ...cursor, toX: within(cursor.toX + dx, cursorColumns), toY: within(cursor.toY + dy, cursorRows) };
  }
  const x = within(cursor.toX + dx, cursorColumns);
  // Beyond the edge of a lane lies the next one.
  const wantedY = cursor.toY + dy;
  const lane = Math.min(laneCount - 1, Math.max(0, cursor.lane + (wantedY >= cursorRows ? -1 : wantedY < 0 ? 1 : 0)));
  const y = lane === cursor.lane ? within(wantedY, cursorRows) : wantedY < 0 ? cursorRows - 1 : 0;
  return { lane, x, y, toX: x, toY: y };
}

/** A rectangle of time and value. */
export interface Box {
  readonly fromMs: number;
  readonly toMs: number;
  readonly low: number;
  readonly high: number;
}

/** What the cursor covers. */
export function boxOfCursor(
  { x, y, toX, toY }: CellCursor,
  { fromMs, toMs, axis }: { readonly fromMs: number; readonly toMs: number; readonly axis: ValueAxis },
): Box {
  const timeAt = (column: number) => Math.round(fromMs + ((toMs - fromMs) * column) / cursorColumns);
  const valueAt = (row: number) => valueAtShare(axis, row / cursorRows);
  return {
    fromMs: timeAt(Math.min(x, toX)),
    toMs: timeAt(Math.max(x, toX) + 1),
    low: valueAt(Math.min(y, toY)),
    high: valueAt(Math.max(y, toY) + 1),
  };
}
