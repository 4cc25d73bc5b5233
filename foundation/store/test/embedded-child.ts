/** Starts the embedded server, says its process id and waits to be killed: `node embedded-child.ts <data directory>`. */
import { startEmbeddedPostgres } from '../src/index.ts';

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log: () => undefined });
console.log(server.pid());
setInterval(() => undefined, 1000);
