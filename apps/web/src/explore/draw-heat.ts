import { type Heat, ranksOf, sumCells } from './heat.ts';
import { type PlotLane, type PlotLayout, shareOnAxis } from './plot-layout.ts';

/** Size of a cell on the screen, CSS pixels. */
const cellWidth = 2;
const cellHeight = 3;

export const heatStops = ['heat-1', 'heat-2', 'heat-3', 'heat-4', 'heat-5'] as const;
export const highlightStops = ['hot-1', 'hot-2', 'hot-3', 'hot-4', 'hot-5'] as const;

/** 256 colours from the first to the last stop, three bytes each. */
export type Ramp = Uint8Array;

export function rampOf(element: Element, names: readonly string[]): Ramp {
  const style = getComputedStyle(element);
  return rampBetween(names.map((name) => style.getPropertyValue(`--${name}`).trim()));
}

/** Straight between stops, each `#rrggbb`. */
export function rampBetween(stops: readonly string[]): Ramp {
  const ramp = new Uint8Array(256 * 3);
  const part = (stop: string, channel: number) =>
    Number.parseInt(stop.slice(1 + 2 * channel, 3 + 2 * channel), 16) || 0;
  for (let index = 0; index < 256; index++) {
    const at = (index / 255) * (stops.length - 1);
    const first = Math.min(stops.length - 2, Math.floor(at));
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [part(stops[first] ?? '', channel), part(stops[first + 1] ?? '', channel)];
      ramp[index * 3 + channel] = Math.round(a + (b - a) * (at - first));
    }
  }
  return ramp;
}

/** A lane's cells, coloured by their rank; what is highlighted in them mixes in its own colours by its share. */
export function drawHeat(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  {
    heat,
    highlight,
    ramp,
    hot,
  }: { readonly heat: Heat; readonly highlight: Heat | undefined; readonly ramp: Ramp; readonly hot: Ramp },
): void {
  const { left, right, fromMs, toMs, axis } = layout;
  const nx = Math.max(1, Math.floor((right - left) / cellWidth));
  const ny = Math.max(1, Math.floor(lane.plotHeight / cellHeight));
  const grid = { fromMs, toMs, nx, ny, shareOf: (value: number) => shareOnAxis(axis, value) };
  const cells = sumCells(heat, grid);
  const marked = highlight === undefined ? undefined : sumCells(highlight, grid);
  const image = paintCells(cells, marked, { nx, ny, ramp, hot });
  const picture = new OffscreenCanvas(nx, ny);
  picture.getContext('2d')?.putImageData(image, 0, 0);
  g.imageSmoothingEnabled = false;
  g.drawImage(picture, left, lane.plotTop, right - left, lane.plotHeight);
}

function paintCells(
  cells: Float32Array,
  marked: Float32Array | undefined,
  { nx, ny, ramp, hot }: { readonly nx: number; readonly ny: number; readonly ramp: Ramp; readonly hot: Ramp },
): ImageData {
  const image = new ImageData(nx, ny);
  const ranks = ranksOf(cells);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const place = y * nx + x;
      const rank = ranks[place] as number;
      if (rank === 0) continue;
      const pixel = ((ny - 1 - y) * nx + x) * 4;
      const share = marked === undefined ? 0 : Math.min(1, (marked[place] as number) / (cells[place] as number));
      const [cool, warm] = [Math.round(rank * 255) * 3, Math.round((0.3 + rank * 0.6) * 255) * 3];
      for (let channel = 0; channel < 3; channel++) {
        image.data[pixel + channel] =
          (ramp[cool + channel] as number) * (1 - share) + (hot[warm + channel] as number) * share;
      }
      image.data[pixel + 3] = 255;
    }
  }
  return image;
}
