export * from './line-protocol/line-parser.ts';
export * from './line-protocol/write-line.ts';
export * from './openstack.ts';
