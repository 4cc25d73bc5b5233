export * from './drivers/index.ts';
export * from './log-driver.ts';
