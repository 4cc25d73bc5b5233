/** Log drivers by name, alphabetical. */
export const logDrivers = {
  postgres: () => import('./postgres.ts'),
};
