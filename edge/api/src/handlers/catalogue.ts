import {
  type CatalogueName,
  type CatalogueValue,
  seriesDimensions,
  unitOfValue,
  WatchkeeperError,
} from '@watchkeeper/model';
import {
  type CatalogueNameRow,
  type CatalogueValueRow,
  hasAttribute,
  lockCatalogueValue,
  readAttributeValues,
  readCatalogue,
  recordChange,
  saveCatalogueValue,
} from '@watchkeeper/store';
import { changed } from '../change.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { scopeOf } from '../read-scope.ts';

export const catalogueHandlers = {
  async listCatalogue({ query, caller }, { store }) {
    const { limit = 100, cursor, q } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[string]>('catalogue', cursor, ['']);
    const tenantId = scopeOf(caller);
    const rows = await store.read(tenantId, (tx) =>
      readCatalogue(tx, {
        ...{ tenantId, limit },
        ...(q === undefined ? {} : { q }),
        ...(place === undefined ? {} : { after: place[0] }),
      }),
    );
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items: shown.map(viewOfName), next: hasMore ? encodeCursor('catalogue', [last.name]) : null };
  },

  async getCatalogueName({ params, caller }, { store }) {
    const tenantId = scopeOf(caller);
    const [row] = await store.read(tenantId, (tx) => readCatalogue(tx, { tenantId, name: params.name, limit: 1 }));
    if (row === undefined) throw nameNotFound(params.name);
    return viewOfName(row);
  },

  async listAttributeValues({ params, query, caller }, { store }) {
    const { name, attribute } = params;
    const { limit = 100, cursor, q } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[string]>('attribute-values', cursor, ['']);
    const tenantId = scopeOf(caller);
    return store.read(tenantId, async (tx) => {
      if (!(await hasAttribute(tx, { tenantId, name, attribute }))) {
        const [row] = await readCatalogue(tx, { tenantId, name, limit: 1 });
        throw row === undefined ? nameNotFound(name) : attributeNotFound(name, attribute, row);
      }
      const values = await readAttributeValues(tx, {
        ...{ tenantId, name, attribute, limit },
        ...(q === undefined ? {} : { q }),
        ...(place === undefined ? {} : { after: place[0] }),
      });
      const items = values.slice(0, limit);
      const last = items.at(-1);
      const hasMore = values.length > limit && last !== undefined;
      return {
        ...{ name, attribute, items },
        next: hasMore ? encodeCursor('attribute-values', [last]) : null,
      };
    });
  },

  async putCatalogueValue(call, { store }) {
    const { params, body, caller } = call;
    const { name, value } = params;
    return store.write(async (tx) => {
      const before = await lockCatalogueValue(tx, caller.tenantId, { name, value });
      if (before === undefined) {
        throw new WatchkeeperError(
          'not_found',
          `No event "${name}" has come with a value "${value}". Look at the catalogue for those that have.`,
          { details: { name, value } },
        );
      }
      const after = { value, unit: body.unit ?? null, description: body.description ?? null };
      if (after.unit === before.unit && after.description === before.description) return viewOfValue(before);
      await saveCatalogueValue(tx, caller.tenantId, { name, ...after });
      const object = `value "${value}" of events "${name}"`;
      await recordChange(tx, changed(call, { action: 'value.changed', object, before, after }));
      return viewOfValue(after);
    });
  },
} satisfies Partial<Handlers>;

function viewOfName({ name, firstSeen, lastSeen, series, values, attributes }: CatalogueNameRow): CatalogueName {
  const views = attributes.map(({ attribute, count, isCapped, examples }) => ({
    ...{ name: attribute, values: count, isCapped, examples: [...examples] },
  }));
  const isDimension = (text: string) => (seriesDimensions as readonly string[]).includes(text);
  const placeOf = (text: string) => (seriesDimensions as readonly string[]).indexOf(text);
  return {
    ...{ name, firstSeen: firstSeen.toISOString(), lastSeen: lastSeen.toISOString(), series },
    values: values.map(viewOfValue),
    dimensions: views.filter((view) => isDimension(view.name)).sort((a, b) => placeOf(a.name) - placeOf(b.name)),
    attributes: views.filter((view) => !isDimension(view.name)),
  };
}

function viewOfValue({ value, unit, description }: CatalogueValueRow): CatalogueValue {
  return { name: value, unit: unit ?? unitOfValue(value), unitIsSet: unit !== null, description };
}

function nameNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError(
    'not_found',
    `No event "${name}" has ever arrived. Look at the catalogue for names that have.`,
    { details: { name } },
  );
}

function attributeNotFound(name: string, attribute: string, { attributes }: CatalogueNameRow): WatchkeeperError {
  const known = attributes.map((row) => row.attribute).join(', ');
  return new WatchkeeperError('not_found', `Events "${name}" have no attribute "${attribute}". There is ${known}.`, {
    details: { name, attribute },
  });
}
