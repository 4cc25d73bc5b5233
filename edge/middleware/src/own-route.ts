import type { IncomingMessage } from 'node:http';

/** The same in every copy of this package that a process has loaded. */
const routeKey = Symbol.for('watchkeeper.middleware.route');
type Named = IncomingMessage & { [routeKey]?: string };

/** Names the route template of a request, where the framework does not know it or says too much: `/users/:id`. */
export function setRoute(request: IncomingMessage, template: string): void {
  (request as Named)[routeKey] = template;
}

export function ownRoute(request: IncomingMessage): string | undefined {
  return (request as Named)[routeKey];
}
