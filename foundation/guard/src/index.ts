export * from './address-policy.ts';
export * from './egress.ts';
export * from './exchange.ts';
export * from './http-request.ts';
export * from './open-datagrams.ts';
export * from './refused.ts';
export * from './secure-contexts.ts';
export * from './tls-reason.ts';
