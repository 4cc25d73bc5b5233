import type { KeyboardEvent } from 'react';

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Makes one tile the one that Tab reaches: the given one, else the first. */
export function takeTabStop(matrix: HTMLElement | null, tile?: EventTarget & Element): void {
  const wanted =
    tile === undefined || tile === matrix ? matrix?.querySelector('[data-tile]') : tile.closest('[data-tile]');
  if (wanted === null || wanted === undefined) return;
  for (const other of matrix?.querySelectorAll('[data-tile][tabindex="0"]') ?? []) other.setAttribute('tabindex', '-1');
  wanted.setAttribute('tabindex', '0');
}

/** Arrow keys move from tile to tile: sideways also over the border of an environment, up and down in the same column. */
export function moveBetweenTiles(event: KeyboardEvent<HTMLElement>): void {
  const step = steps[event.key];
  const tile = (event.target as HTMLElement).closest<HTMLElement>('[data-tile]');
  const row = tile?.closest('tr');
  if (step === undefined || tile === null || row === null || row === undefined) return;
  const [byColumn, byRow] = step;
  const own = tilesOf(row);
  const at = own.indexOf(tile);
  const beside = byRow > 0 ? row.nextElementSibling : byRow < 0 ? row.previousElementSibling : undefined;
  const next = beside === undefined ? own[at + byColumn] : beside === null ? undefined : tileBelow(beside, tile, row);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

const tilesOf = (element: Element) => [...element.querySelectorAll<HTMLElement>('[data-tile]')];

/** The tile of another row in the same environment, at the same place or the last before it. */
function tileBelow(other: Element, tile: HTMLElement, row: Element): HTMLElement | undefined {
  const cell = tile.closest('td') as HTMLTableCellElement;
  const place = tilesOf(cell).indexOf(tile);
  const tiles = tilesOf(other.children[cell.cellIndex] ?? row);
  return tiles[Math.min(place, tiles.length - 1)] ?? tilesOf(other)[0];
}
