import { describe, expect, it } from 'vitest';
import { type Route, routes } from './routes.ts';

/** Places of integers without a maximum, or with one that a double does not hold exactly. */
function unbounded(schema: unknown, place: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, maximum } = schema as { readonly type?: unknown; readonly maximum?: unknown };
  const here = type === 'integer' && !(typeof maximum === 'number' && maximum <= Number.MAX_SAFE_INTEGER);
  return [
    ...(here ? [place] : []),
    ...Object.entries(schema).flatMap(([name, part]) => unbounded(part, `${place}/${name}`)),
  ];
}

describe('The table of operations', () => {
  it('lets no caller give an integer that the database does not hold', () => {
    const given = Object.entries<Route>(routes).flatMap(([name, { params, query, body, ownBody }]) => [
      ...unbounded(params, `${name} params`),
      ...unbounded(query, `${name} query`),
      // The handler of such a body looks at each part itself.
      ...(ownBody ? [] : unbounded(body, `${name} body`)),
    ]);
    expect(given).toEqual([]);
  });
});
