import type { ExploreSearch } from '../search.ts';

/** Changes a part of what stands in the address; undefined takes a key out. */
export type ChangeSearch = (change: { readonly [Key in keyof ExploreSearch]?: ExploreSearch[Key] | undefined }) => void;

/** The selection is about what was shown; another picture has none. */
export const noSelection = { x0: undefined, x1: undefined, y0: undefined, y1: undefined, lane: undefined };
