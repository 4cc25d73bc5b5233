import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { type GlobalSearch, readGlobalSearch, type SearchReader } from './search.ts';

/** What stands in the address, read and checked, and a way to change a part of it; undefined takes a key out. */
export function useSearchOf<Search extends GlobalSearch>(
  read: SearchReader<Search>,
): readonly [Search, (change: { readonly [Key in keyof Search]?: Search[Key] | undefined }) => void] {
  const navigate = useNavigate();
  const search = read(useSearch({ strict: false }));
  const change = useCallback(
    (next: object) => void navigate({ to: '.', search: (present: object) => read({ ...present, ...next }) as never }),
    [navigate, read],
  );
  return [search, change];
}

/** For links to another page: environment, zone and time go along. */
export const keepGlobal = (present: object): GlobalSearch => readGlobalSearch(present);
