export * from './condition.ts';
export * from './judge.ts';
export * from './parse.ts';
export * from './scope.ts';
