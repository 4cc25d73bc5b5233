import { allTenants } from '@watchkeeper/store';

/** Whose rows a caller may read: its tenant's, or everybody's. For `store.read` and the reads that ask for a tenant. */
export function scopeOf({
  tenantId,
  seesAllTenants,
}: {
  readonly tenantId: number;
  readonly seesAllTenants: boolean;
}): number {
  return seesAllTenants ? allTenants : tenantId;
}
