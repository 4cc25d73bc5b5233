import { labelName, metricName } from './names.ts';

export interface ExposedMetric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Gauges in the text format 0.0.4 of Prometheus. */
export function expositionText(metrics: readonly ExposedMetric[]): string {
  let text = '';
  for (const { name, help, samples } of metrics) {
    const clean = metricName(name);
    text += `# HELP ${clean} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${clean} gauge\n`;
    for (const { labels, value } of samples) {
      const pairs = Object.entries(labels).map(([key, label]) => `${labelName(key)}="${escapeLabel(label)}"`);
      text += `${clean}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
    }
  }
  return text;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
