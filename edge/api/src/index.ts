export { hashSecret, newKey, newSecret } from './authenticate.ts';
export * from './create-api.ts';
export { createProbes } from './create-probes.ts';
export type { ApiDependencies, Figure, Product, Readiness, SendTest } from './handler.ts';
export { LiveFeed } from './live-feed.ts';
export { Metrics } from './metrics.ts';
export { openApiDocument } from './openapi.ts';
export { websiteMockPath } from './website-mock.ts';
