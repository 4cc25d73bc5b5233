import { type Static, Type } from 'typebox';
import { Instant, Nullable } from './fields.ts';

/**
 * The catalogue: every name of events that ever arrived, with what can be asked of it. Nobody has to define anything;
 * an entry is there with the first series of its name.
 */

/** Longest name of events, of a value and of an attribute in the catalogue and in questions. */
export const longestCatalogueText = 200;

/** A name that came with events: anything but control characters. */
export const FoundName = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: longestCatalogueText, pattern: '^[^\\u0000-\\u001f\\u007f]+$' });

export type CatalogueValue = Static<typeof CatalogueValue>;
export const CatalogueValue = Type.Object(
  {
    name: Type.String(),
    unit: Nullable(Type.String({ description: 'As people set it, otherwise what the end of the name says' })),
    unitIsSet: Type.Boolean({ description: 'People set the unit' }),
    description: Nullable(Type.String({ description: 'As people wrote it' })),
  },
  { $id: 'CatalogueValue' },
);

export type CatalogueAttribute = Static<typeof CatalogueAttribute>;
/** A dimension or an attribute, as a question names it in `where` and `groupBy`. */
export const CatalogueAttribute = Type.Object(
  {
    name: Type.String(),
    values: Type.Integer({
      description: 'Different values, counted over at most 100 series of a name in the list and 20,000 of one name',
    }),
    isCapped: Type.Boolean({ description: 'There are more series than were counted, so there may be more values' }),
    examples: Type.Array(Type.String(), { description: 'Some of them, in alphabetical order', maxItems: 10 }),
  },
  { $id: 'CatalogueAttribute' },
);

export type CatalogueName = Static<typeof CatalogueName>;
export const CatalogueName = Type.Object(
  {
    name: Type.String({ description: 'Name of the events' }),
    firstSeen: Instant('When the first series of it was registered'),
    lastSeen: Instant('When the newest event of it arrived, to some seconds'),
    series: Type.Integer({ description: 'Series that have this name' }),
    values: Type.Array(CatalogueValue, { description: 'By name' }),
    dimensions: Type.Array(CatalogueAttribute, {
      description: 'environment, zone, host, guest, service, source: those that say something',
    }),
    attributes: Type.Array(CatalogueAttribute, { description: 'By name' }),
  },
  { $id: 'CatalogueName' },
);

export type AttributeValues = Static<typeof AttributeValues>;
export const AttributeValues = Type.Object(
  {
    name: Type.String(),
    attribute: Type.String(),
    items: Type.Array(Type.String(), { description: 'In alphabetical order' }),
    next: Nullable(Type.String({ description: 'Cursor of the next page' })),
  },
  { $id: 'AttributeValues' },
);

export type CatalogueValueInput = Static<typeof CatalogueValueInput>;
/** What people say of a value; what is left out or null is as if nobody had said it. */
export const CatalogueValueInput = Type.Object(
  {
    unit: Type.Optional(
      Nullable(
        Type.String({
          description: 'Such as ms, bytes, %',
          minLength: 1,
          maxLength: 40,
          pattern: '^[^\\u0000-\\u001f\\u007f]+$',
        }),
      ),
    ),
    description: Type.Optional(
      Nullable(Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })),
    ),
  },
  { $id: 'CatalogueValueInput', additionalProperties: false },
);
