import { describe, expect, it } from 'vitest';
import { boxOfCursor, cursorColumns, cursorRows, moveCursor } from './cell-cursor.ts';
import { csvOf } from './csv.ts';
import {
  axisFor,
  laneAt,
  layOutPlot,
  plotTime,
  plotValue,
  plotX,
  plotY,
  shareOnAxis,
  valueAtShare,
  valueTicks,
} from './plot-layout.ts';
import { mostColumns, onGrid, stepFor } from './steps.ts';
import { valueText } from './value-text.ts';

describe('the axis of values', () => {
  it('holds what there is, and finds back what it has placed', () => {
    for (const scale of ['log', 'linear'] as const) {
      const axis = axisFor(scale, { low: 0.05, high: 640 });
      expect([axis.low <= 0.05, axis.high >= 640]).toEqual([true, true]);
      for (const value of [0.05, 1, 17, 640]) {
        expect(valueAtShare(axis, shareOnAxis(axis, value))).toBeCloseTo(value, 6);
      }
    }
  });
  it('is linear from a drawn zero, below it too', () => {
    expect(axisFor('linear', { low: 12, high: 95 })).toMatchObject({ low: 0, high: 100 });
    expect(axisFor('linear', { low: -12, high: 30 }).low).toBeLessThanOrEqual(-12);
    expect(axisFor('linear', { low: 0, high: 0 }).high).toBeGreaterThan(0);
  });
  it('does not move with every event', () => {
    expect(axisFor('log', { low: 1.3, high: 950 })).toEqual(axisFor('log', { low: 1.28, high: 940 }));
  });
  it('has powers of ten or round numbers as ticks, as many as have room', () => {
    expect(valueTicks(axisFor('log', { low: 0.1, high: 900 }), 400)).toEqual([0.1, 1, 10, 100, 1000]);
    expect(valueTicks(axisFor('log', { low: 0.1, high: 900 }), 70).length).toBeLessThanOrEqual(3);
    expect(valueTicks({ scale: 'linear', low: 0, high: 100 }, 170)).toEqual([0, 20, 40, 60, 80, 100]);
  });
  it('holds a single value, and none', () => {
    expect(valueTicks(axisFor('log', { low: 7, high: 7 }), 300).length).toBeGreaterThan(0);
    expect(valueTicks(axisFor('log', undefined), 300)).toEqual([1, 10, 100, 1000]);
  });
});

describe('the picture', () => {
  const layout = layOutPlot({
    ...{ width: 900, fromMs: 0, toMs: 60_000, axis: axisFor('log', { low: 1, high: 1000 }) },
    ...{ groups: ['a', 'b'], tall: 400 },
  });
  it('has one lane per group, and finds the lane, the time and the value at a place', () => {
    const [first, second] = layout.lanes;
    if (first === undefined || second === undefined) throw new Error('there are two groups');
    expect(laneAt(layout, second.plotTop + 5)).toBe(second);
    expect(laneAt(layout, 100_000)).toBe(second);
    expect(plotTime(layout, plotX(layout, 12_345))).toBeCloseTo(12_345);
    expect(plotValue(layout, second, plotY(layout, second, 42))).toBeCloseTo(42);
  });
});

describe('steps', () => {
  it('cut an hour into columns of a second, a day into fewer', () => {
    expect(stepFor(3_600_000, mostColumns)).toBe(1000);
    expect(stepFor(86_400_000, mostColumns)).toBe(30_000);
    expect(stepFor(365 * 86_400_000, 240)).toBe(604_800_000);
  });
  it('begin on a grid that stays the same', () => {
    expect(onGrid({ fromMs: 1500, toMs: 3001 }, 1000)).toEqual({ fromMs: 1000, toMs: 4000 });
  });
});

describe('the cursor of cells', () => {
  const start = moveCursor(undefined, 'ArrowLeft', false, 2);
  it('begins at the newest, moves by arrows and stays within', () => {
    expect(start).toMatchObject({ lane: 0, x: cursorColumns - 1 });
    const right = moveCursor(start, 'ArrowRight', false, 2);
    expect(right).toMatchObject({ x: cursorColumns - 1 });
    expect(moveCursor(start, 'Enter', false, 2)).toBeUndefined();
  });
  it('grows with Shift, and is one cell again without', () => {
    const grown = moveCursor(moveCursor(start, 'ArrowLeft', true, 2), 'ArrowUp', true, 2);
    expect(grown).toMatchObject({
      x: cursorColumns - 1,
      toX: cursorColumns - 2,
      y: cursorRows / 2,
      toY: cursorRows / 2 + 1,
    });
    expect(moveCursor(grown, 'ArrowLeft', false, 2)).toMatchObject({ x: cursorColumns - 3, toX: cursorColumns - 3 });
  });
  it('goes on in the next lane', () => {
    const lowest = { lane: 0, x: 3, y: 0, toX: 3, toY: 0 };
    expect(moveCursor(lowest, 'ArrowDown', false, 2)).toMatchObject({ lane: 1, y: cursorRows - 1 });
    expect(moveCursor({ ...lowest, lane: 1 }, 'ArrowDown', false, 2)).toMatchObject({ lane: 1, y: 0 });
  });
  it('covers time and values', () => {
    const axis = { scale: 'linear', low: 0, high: 240 } as const;
    const cursor = { lane: 0, x: 1, y: 0, toX: 0, toY: 1 };
    expect(boxOfCursor(cursor, { fromMs: 0, toMs: 60_000, axis })).toEqual({ fromMs: 0, toMs: 2000, low: 0, high: 20 });
  });
});

describe('what is read', () => {
  it.each([
    [0.0512, 'ms', '51.2 µs'],
    [999.6, 'ms', '1.00 s'],
    [328, 'ms', '328 ms'],
    [1.5, 's', '1.50 s'],
    [0, 'ms', '0 ms'],
    [4096, 'bytes', '4.10 kB'],
    [12_410, '', '12\u202f410'],
    [42.123, '%', '42.1 %'],
    [0.25, 'ratio', '0.25'],
    [1500, 'bytes/s', '1.50 kB/s'],
    [7, '/s', '7 /s'],
    [null, 'ms', '–'],
  ])('%s %s is "%s"', (value, unit, text) => expect(valueText(value, unit)).toBe(text));

  it('is a file that any spreadsheet takes, and runs nothing in it', () => {
    expect(csvOf([['from', 'a "b", c', '=1+1', 2.5, null]])).toBe(`from,"a ""b"", c",'=1+1,2.5,\r\n`);
  });
});
