import type { IncomingMessage } from 'node:http';

/** What this needs of an Express application, and of the router in it. */
export interface ExpressApp {
  readonly mountpath: string | readonly string[];
  readonly parent?: ExpressApp;
  readonly router: { readonly stack: readonly Layer[] };
}

export interface ExpressRequest extends IncomingMessage {
  readonly app: ExpressApp;
  readonly route?: Route;
  readonly baseUrl: string;
}

interface Route {
  readonly path: unknown;
}

/** One entry of a router: a route, or something that is mounted. */
interface Layer {
  readonly route?: Route;
  readonly handle: { readonly stack?: readonly Layer[] };
  /** Mounted without a path. */
  readonly slash?: boolean;
  /** Where it is mounted: text, a pattern, or several. Since router 2.3. */
  readonly rawPath?: unknown;
}

/** Where a route is: the templates of the routers around it, from the outside in, as one text. */
const known = new WeakMap<Route, readonly string[]>();
/** Stands for a mount that this release of Express does not tell. */
const unknownMount = '/*';

/**
 * The whole template of the route that a request has matched. Express tells the template of the route itself, but of the
 * routers around it only the raw path: with parameters in it every user would be a series. So the route is looked for
 * once among the routers of the application, and their templates are put before it.
 * @param app the application that measures, which may stand above the one that has the route
 */
export function expressRoute({ route, app: owner, baseUrl }: ExpressRequest, app: ExpressApp): string | undefined {
  if (route === undefined) return undefined;
  let mounts = known.get(route);
  if (mounts === undefined) {
    const before = mountsOf(owner, app).join('');
    mounts = mountsTo(route, owner.router.stack).map((mount) => before + mount);
    known.set(route, mounts);
  }
  const mount = mounts.length > 1 ? mounts.find((one) => isAt(one, baseUrl)) : mounts[0];
  return (mount ?? unknownMount) + templateOf(route.path) || '/';
}

/** Where the routers are mounted that lead to a route: several times where one router is. */
function mountsTo(route: Route, stack: readonly Layer[]): string[] {
  return stack.flatMap((layer) => {
    if (layer.route === route) return [''];
    return mountsTo(route, layer.handle.stack ?? []).map((below) => mountOf(layer) + below);
  });
}

function mountOf({ slash, rawPath }: Layer): string {
  if (slash) return '';
  return rawPath === undefined ? unknownMount : templateOf(rawPath);
}

/** Where an application is mounted in another, from the outside in. */
function mountsOf(inner: ExpressApp, outer: ExpressApp): string[] {
  if (inner === outer || inner.parent === undefined) return [];
  return [...mountsOf(inner.parent, outer), templateOf(inner.mountpath)];
}

/** Whether a raw path is one of a template: segment for segment the same, or a parameter. */
function isAt(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')];
  return wanted.length === given.length && wanted.every((segment, at) => segment === given[at] || /[:*]/.test(segment));
}

/** A path as people wrote it: text, a pattern, or several of them. */
function templateOf(path: unknown): string {
  return typeof path === 'string' ? path.replace(/\/+$/, '') : String(path);
}
