import { labelName, metricName } from './names.ts';

export interface ExposedMetric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * Gauges in the text format 0.0.4 of Prometheus. A scraper refuses everything for one name that stands there twice: of
 * labels that come to the same name the last one stays, of samples that come to the same series the first one.
 */
export function expositionText(metrics: readonly ExposedMetric[]): string {
  let text = '';
  for (const [name, same] of Map.groupBy(metrics, (metric) => metricName(metric.name))) {
    const help = same[0]?.help ?? '';
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} gauge\n`;
    const lines = new Map<string, string>();
    for (const { labels, value } of same.flatMap(({ samples }) => samples)) {
      const named = new Map(Object.entries(labels).map(([key, label]) => [labelName(key), label]));
      const pairs = [...named].map(([key, label]) => `${key}="${escapeLabel(label)}"`);
      const series = pairs.toSorted().join(',');
      if (!lines.has(series))
        lines.set(series, `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`);
    }
    for (const line of lines.values()) text += line;
  }
  return text;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
