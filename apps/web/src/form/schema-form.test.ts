import { describe, expect, it } from 'vitest';
import { initialOf, isChanged, isNeeded, kindOf, linesOf, pairsOf, pairsText, withValue } from './schema-form.ts';

describe('a form from a schema', () => {
  it('chooses the control by the schema alone', () => {
    expect(kindOf({ enum: ['GET', 'POST'], type: 'string' })).toBe('choice');
    expect(kindOf({ type: 'integer' })).toBe('number');
    expect(kindOf({ type: 'boolean' })).toBe('switch');
    expect(kindOf({ type: 'array', items: { type: 'string' } })).toBe('lines');
    expect(kindOf({ type: 'object', patternProperties: { x: {} } })).toBe('pairs');
    expect(kindOf({ type: 'object', properties: {} })).toBe('group');
    expect(kindOf({ type: 'string', maxLength: 1_000_000 })).toBe('long');
    expect(kindOf({ type: 'string', maxLength: 100 })).toBe('text');
    expect(kindOf({})).toBe('json');
  });
  it('starts with the defaults, also of groups', () => {
    const schema = {
      type: 'object',
      properties: {
        url: { type: 'string' },
        method: { type: 'string', default: 'GET' },
        tls: { type: 'object', properties: { verify: { type: 'boolean', default: true } } },
      },
    };
    expect(initialOf(schema)).toEqual({ method: 'GET', tls: { verify: true } });
  });
  it('knows what must be filled in, and what was changed', () => {
    const schema = {
      type: 'object',
      required: ['url', 'method', 'verify'],
      properties: {
        url: { type: 'string' },
        method: { type: 'string', default: 'GET' },
        verify: { type: 'boolean' },
        body: { type: 'string' },
      },
    };
    expect(Object.keys(schema.properties).filter((name) => isNeeded(schema, name))).toEqual(['url']);
    expect(isChanged({ type: 'string', default: 'GET' }, 'GET')).toBe(false);
    expect(isChanged({ type: 'string', default: 'GET' }, 'PUT')).toBe(true);
    expect(isChanged({ type: 'string' }, undefined)).toBe(false);
    const tls = { type: 'object', properties: { verify: { type: 'boolean', default: true } } };
    expect(isChanged(tls, { verify: true })).toBe(false);
    expect(isChanged(tls, { verify: false })).toBe(true);
  });
  it('changes one place and leaves the rest as it was', () => {
    const before = { url: 'a', tls: { verify: true, minVersion: 'x' } };
    expect(withValue(before, ['tls', 'verify'], false)).toEqual({ url: 'a', tls: { verify: false, minVersion: 'x' } });
    expect(withValue(before, ['url'], undefined)).toEqual({ tls: { verify: true, minVersion: 'x' } });
    expect(before.tls.verify).toBe(true);
  });
  it('reads lines and pairs as people write them', () => {
    expect(linesOf(' a \n\n b')).toEqual(['a', 'b']);
    expect(pairsOf('accept: text/html\nx-a: b:c')).toEqual({ accept: 'text/html', 'x-a': 'b:c' });
    expect(pairsText({ a: 1, b: 'c' })).toBe('a: 1\nb: c');
  });
});
