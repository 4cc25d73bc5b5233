import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { deployFolder } from './deployed-settings.ts';

export interface SourceRef {
  readonly type: string;
  readonly uid: string;
}
export interface Target {
  readonly refId: string;
  readonly datasource: SourceRef;
  readonly expr?: string;
  readonly instant?: boolean;
  readonly rawSql?: string;
  readonly format?: string;
  readonly query?: string;
}
export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: SourceRef;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly thresholds?: unknown } };
}
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly description?: string;
  readonly datasource?: SourceRef;
  readonly query: string | { readonly query: string };
  readonly regex?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}
export interface DashboardFile {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly panels: readonly DashboardPanel[];
  readonly templating: { readonly list: readonly Variable[] };
}
export interface ProvisionedSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly version: number;
  readonly editable: boolean;
  readonly isDefault?: boolean;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

const grafana = join(deployFolder, 'grafana');

/** The dashboards as Grafana gets them. */
export function readDashboards(): DashboardFile[] {
  const folder = join(grafana, 'dashboards');
  return readdirSync(folder).map((file) => ({
    ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as DashboardFile),
    file,
  }));
}

/** Data sources of a provisioning file, by its path below deploy/grafana. */
export function readSources(path: string): ProvisionedSource[] {
  const text = readFileSync(join(grafana, path), 'utf8');
  const { apiVersion, datasources } = parse(text) as { apiVersion: number; datasources: ProvisionedSource[] };
  if (apiVersion !== 1) throw new Error(`${path}: apiVersion ${apiVersion} is not known`);
  return datasources;
}
