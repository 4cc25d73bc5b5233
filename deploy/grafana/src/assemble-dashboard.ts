import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** What a panel gets besides its text. */
interface PlacedBuilder extends Builder<Panel> {
  id(id: number): this;
  gridPos(position: { x: number; y: number; w: number; h: number }): this;
}

export interface DashboardText {
  /** Never changes: it stands in addresses. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly PlacedBuilder[] }[];
}

const gridWidth = 24;

/** Places panels from left to right under the title of their row, numbered as they stand. */
export function assembleDashboard({ uid, title, description, variables, rows }: DashboardText): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['watchkeeper'])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Watchkeeper')
        .type(DashboardLinkType.Dashboards)
        .tags(['watchkeeper'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const variable of variables) dashboard.withVariable(variable);
  let id = 0;
  let y = 0;
  for (const row of rows) {
    id += 1;
    dashboard.withRow(new RowBuilder(row.title).id(id).gridPos({ x: 0, y, w: gridWidth, h: 1 }));
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      const { w = gridWidth, h = 8 } = panel.build().gridPos ?? {};
      if (x + w > gridWidth) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      id += 1;
      dashboard.withPanel(panel.id(id).gridPos({ x, y, w, h }));
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return dashboard.build();
}
