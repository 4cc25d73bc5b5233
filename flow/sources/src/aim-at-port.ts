/** Options of a type that has `host` and `port`, pointed at host:port; undefined when the text is none. */
export function aimAtPort(
  options: Readonly<Record<string, unknown>>,
  target: string,
): Readonly<Record<string, unknown>> | undefined {
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@]+):(\d{1,5})$/.exec(target) ?? [];
  return host === undefined ? undefined : { ...options, host, port: Number(port) };
}
