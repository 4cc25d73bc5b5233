import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../api.ts';

/** Names of events that arrived, with a text in them. */
export const useCatalogue = (q: string | undefined) =>
  useQuery({
    queryKey: ['explore', 'catalogue', q],
    queryFn: ({ signal }) =>
      api.call('listCatalogue', { query: { limit: 200, ...(q === undefined || q === '' ? {} : { q }) }, signal }),
    refetchInterval: 2000,
    placeholderData: keepPreviousData,
  });

/** What is known of one name; attributes and values that are new to it come in. */
export const useCatalogueName = (name: string | undefined) =>
  useQuery({
    queryKey: ['explore', 'name', name],
    queryFn: ({ signal }) => api.call('getCatalogueName', { params: { name: name ?? '' }, signal }),
    enabled: name !== undefined,
    staleTime: 5000,
    refetchInterval: 10_000,
  });

/** Values of an attribute with a text in them. */
export const useAttributeValues = (name: string, attribute: string | undefined, q: string) =>
  useQuery({
    queryKey: ['explore', 'values', name, attribute, q],
    queryFn: ({ signal }) =>
      api.call('listAttributeValues', {
        params: { name, attribute: attribute ?? '' },
        query: { limit: 50, ...(q === '' ? {} : { q }) },
        signal,
      }),
    enabled: attribute !== undefined,
    placeholderData: keepPreviousData,
  });
