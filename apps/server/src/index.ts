export * from './database-commands.ts';
export { type LocalAccess, readLocalAccess } from './local-access.ts';
export { runServer } from './run.ts';
export * from './settings.ts';
export { version } from './start-server.ts';
