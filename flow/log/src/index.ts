export * from './drivers/index.ts';
export { KafkaLogOptions } from './kafka/options.ts';
export * from './log-driver.ts';
