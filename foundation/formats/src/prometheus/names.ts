/** A name of a metric: what the format does not know becomes `_`. */
export function metricName(text: string): string {
  const clean = text.replaceAll(/[^A-Za-z0-9_:]+/g, '_');
  return /^[A-Za-z_:]/.test(clean) ? clean : `_${clean}`;
}

/** A name of a label; two underscores at the beginning belong to Prometheus itself. */
export function labelName(text: string): string {
  const clean = text.replaceAll(/[^A-Za-z0-9_]+/g, '_').replace(/^__+/, '_');
  return /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`;
}
