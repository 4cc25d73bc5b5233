/** Message drivers by name, alphabetical. */
export const messageDrivers = {
  amqp: () => import('./amqp.ts'),
  postgres: () => import('./postgres.ts'),
};
