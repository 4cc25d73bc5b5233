import { migrations } from './migrations/index.ts';

/** The views that are a public contract, for Grafana and for people. */
export const contractViews = ['event_view', 'metric_view', 'monitor_statistics', 'service_state_view'] as const;
export type ContractView = (typeof contractViews)[number];

export interface DescribedView {
  readonly name: ContractView;
  readonly description: string;
  /** In the order of the view where they were never changed. */
  readonly columns: readonly { readonly name: string; readonly description: string }[];
}

const commentPattern = /^comment on (?:view (\w+)|column (\w+)\.(\w+)) is '((?:[^']|'')*)';$/gm;

/** The views as the comments of the migrations describe them; the newest comment on a thing counts. */
export function describeViews(): readonly DescribedView[] {
  const texts = new Map<string, string>();
  for (const migration of migrations) {
    for (const [, view, ofView, column, text] of migration.sql.matchAll(commentPattern))
      texts.set(view ?? `${ofView}.${column}`, (text as string).replaceAll("''", "'"));
  }
  return contractViews.map((name) => ({
    name,
    description: texts.get(name) ?? '',
    columns: [...texts]
      .filter(([place]) => place.startsWith(`${name}.`))
      .map(([place, description]) => ({ name: place.slice(name.length + 1), description })),
  }));
}
