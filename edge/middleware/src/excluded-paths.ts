/**
 * Whether a path is left out of the metrics. Text is a path as it is, or everything below it where it ends in `*`:
 * `/health/*`.
 */
export function excludedPaths(list: readonly (string | RegExp)[]): (url: string) => boolean {
  const exact = new Set<string>();
  const beginnings: string[] = [];
  const patterns: RegExp[] = [];
  for (const one of list) {
    if (typeof one !== 'string') patterns.push(one);
    else if (one.endsWith('*')) beginnings.push(one.slice(0, -1));
    else exact.add(one);
  }
  return (url) => {
    const path = pathOf(url);
    return (
      exact.has(path) ||
      beginnings.some((beginning) => path.startsWith(beginning)) ||
      patterns.some((pattern) => path.search(pattern) >= 0)
    );
  };
}

/** The path of the address of a request, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
