import { readProductCounts } from '@watchkeeper/store';
import type { Handlers } from '../handler.ts';
import { scopeOf } from '../read-scope.ts';

export const productHandlers = {
  async getProduct({ caller }, { store, product }) {
    const counts = await store.read(scopeOf(caller), readProductCounts);
    return {
      name: 'watchkeeper' as const,
      version: product.version,
      roles: [...product.roles],
      startedAt: product.startedAt.toISOString(),
      demo: product.demo,
      production: product.production,
      counts,
    };
  },
} satisfies Partial<Handlers>;
