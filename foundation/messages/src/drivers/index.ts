/** Message drivers by name, alphabetical. */
export const messageDrivers = {
  amqp: () => import('./amqp.ts'),
  kafka: () => import('./kafka.ts'),
  postgres: () => import('./postgres.ts'),
};
