/** Above this many marks in a lane nobody sees whether a dot is round. */
export const manyMarks = 4000;

export function addDot(path: Path2D, x: number, y: number, isSquare: boolean): void {
  if (isSquare) {
    path.rect(x - 1.2, y - 1.2, 2.4, 2.4);
    return;
  }
  path.moveTo(x + 1.9, y);
  path.arc(x, y, 1.9, 0, 7);
}

export function addTriangle(path: Path2D, x: number, y: number, size: number): void {
  path.moveTo(x, y - size - 0.6);
  path.lineTo(x + size, y + size);
  path.lineTo(x - size, y + size);
  path.closePath();
}

export function addCross(path: Path2D, x: number, y: number, size: number): void {
  path.moveTo(x - size, y - size);
  path.lineTo(x + size, y + size);
  path.moveTo(x + size, y - size);
  path.lineTo(x - size, y + size);
}
