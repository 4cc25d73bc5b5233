import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readObjects } from './read-objects.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wk-objects-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const names = (...paths: string[]) => readObjects(paths).map(({ object }) => object.name);

describe('Objects as code', () => {
  it('are read from YAML with any number of documents, and from JSON with one object or an array', () => {
    expect(names(file('a.yaml', 'name: one\n---\nname: two\n---\n'))).toEqual(['one', 'two']);
    expect(names(file('b.yml', '- name: one\n- name: two\n'))).toEqual(['one', 'two']);
    expect(names(file('c.json', '[{"name":"one"},{"name":"two"}]'))).toEqual(['one', 'two']);
    expect(names(file('d.json', '{"name":"one"}'))).toEqual(['one']);
    expect(names(file('empty.yaml', '# nothing\n'))).toEqual([]);
  });
  it('are read from a folder to its depths, in the order of names, other files left aside', () => {
    file('x/2.yaml', 'name: second');
    file('x/1/deep.json', '{"name":"first"}');
    file('x/notes.txt', 'not an object');
    expect(names(join(folder, 'x'))).toEqual(['first', 'second']);
  });
  it('say where they stand', () => {
    const path = file('a.yaml', 'name: one\n---\nname: two\n');
    expect(readObjects([path])[1]?.place).toBe(`${path}, object 2`);
  });
  it.each([
    ['broken YAML', 'name: [one', /a\.yaml:\d+ is not valid/],
    ['a key that stands twice', 'name: one\nname: two\n', /a\.yaml:\d+ is not valid.*unique/i],
    ['text', 'just text', /must hold objects/],
    ['a list of numbers', '[1, 2]', /must hold objects/],
    [
      'aliases that would grow without end',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      /alias/i,
    ],
  ])('are refused when a file holds %s', (_title, text, message) => {
    expect(() => readObjects([file('a.yaml', text)])).toThrow(message);
  });
  it('are refused when there is no such file, and when a folder holds none', () => {
    expect(() => readObjects([join(folder, 'none.yaml')])).toThrow(/no file or folder/);
    expect(() => readObjects([folder])).toThrow(/holds no/);
  });
});
