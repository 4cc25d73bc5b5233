export * from './drivers/index.ts';
export { KafkaLogOptions } from './kafka/options.ts';
export { type TopicMessage, TopicReader } from './kafka/topic-reader.ts';
export * from './log-driver.ts';
