/** Colours of the theme by their names in `tokens.css`. */
export type Colors = Readonly<Record<string, string>>;

const colorNames = [
  'ink-1',
  'ink-2',
  'ink-3',
  'axis',
  'grid',
  'grid-2',
  'line',
  'data-1',
  'data-2',
  'failed',
  'failed-tile',
  'degraded',
  'degraded-tile',
  'ok',
  'ok-tile',
  'hatch',
  'surface',
  'bg',
  'accent',
  'accent-tint',
  'on-accent',
];

export function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  return Object.fromEntries(colorNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Makes a canvas as large as its picture and as sharp as the screen. */
export function prepare(
  canvas: HTMLCanvasElement,
  { width, height }: { readonly width: number; readonly height: number },
): CanvasRenderingContext2D | null {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const g = canvas.getContext('2d');
  g?.scale(scale, scale);
  return g;
}

export const font = (g: CanvasRenderingContext2D, size: number, weight = 400) => {
  g.font = `${weight} ${size}px Inter, system-ui, sans-serif`;
};

export function line(g: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number, color = ''): void {
  g.strokeStyle = color;
  g.beginPath();
  g.moveTo(x1, y1);
  g.lineTo(x2, y2);
  g.stroke();
}
