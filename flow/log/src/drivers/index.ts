/** Log drivers by name, alphabetical. */
export const logDrivers = {
  kafka: () => import('./kafka.ts'),
  postgres: () => import('./postgres.ts'),
};
