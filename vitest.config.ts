import { defineConfig } from 'vitest/config';

const shared = {
  pool: 'forks' as const,
  testTimeout: 20_000,
  hookTimeout: 30_000,
  globalSetup: ['foundation/store/test/test-server.ts'],
};
const left = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  test: {
    // Most tests wait for something most of the time, so two cores carry four of them.
    maxWorkers: 4,
    projects: [
      {
        test: { ...shared, name: 'unit', include: ['**/*.test.{ts,tsx}'], exclude: [...left, '**/*.services.test.ts'] },
      },
      {
        test: {
          ...shared,
          name: 'services',
          include: ['**/*.services.test.ts'],
          exclude: left,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
