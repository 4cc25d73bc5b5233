/** Listeners by name, alphabetical. */
export { default as graphite } from './graphite.ts';
export { default as 'line-protocol-udp' } from './line-protocol-udp.ts';
export { default as statsd } from './statsd.ts';
