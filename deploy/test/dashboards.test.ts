import * as units from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, it } from 'vitest';
import { type DashboardFile, type DashboardPanel, readDashboards, readSources } from './dashboard-files.ts';

/** Panels that every Grafana brings. */
const panelTypes = ['bargauge', 'heatmap', 'row', 'stat', 'state-timeline', 'table', 'timeseries'];
/** Identifiers of units that the SDK has no name for. */
const moreUnits = ['dateTimeFromNow', 'eps'];
const knownUnits = new Set([...Object.values(units).filter((unit) => typeof unit === 'string'), ...moreUnits]);

const dashboards = readDashboards();
const sources = readSources('provisioning/datasources/watchkeeper.yaml');

/** What is wrong with a dashboard, in words. */
function mistakesOf({ panels, templating }: DashboardFile): string[] {
  const mistakes: string[] = [];
  const say = (panel: DashboardPanel, text: string) => mistakes.push(`panel ${panel.id} "${panel.title}": ${text}`);
  const variables = new Set(templating.list.map(({ name }) => name));
  const isKnown = ({ type, uid }: { type: string; uid: string }) =>
    (uid.startsWith('$') && templating.list.some((one) => `$${one.name}` === uid && one.query === type)) ||
    sources.some((source) => source.uid === uid && source.type === type);
  for (const panel of panels) {
    const { id, type, title, description = '', gridPos, targets = [], fieldConfig, datasource } = panel;
    if (panels.filter((other) => other.id === id).length > 1) say(panel, 'its id is not its own');
    if (!panelTypes.includes(type)) say(panel, `"${type}" is no type of a panel`);
    if (!/\S/.test(title)) say(panel, 'it has no title');
    const { x, y, w, h } = gridPos;
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > 24) say(panel, 'it is not on the grid');
    const below = panels.filter(({ id: other, gridPos: at }) => {
      const isBeside = at.x >= x + w || at.x + at.w <= x || at.y >= y + h || at.y + at.h <= y;
      return other > id && !isBeside;
    });
    for (const other of below) say(panel, `it lies upon panel ${other.id}`);
    if (type === 'row') continue;
    if (description.length < 20) say(panel, 'it does not say what is seen');
    if (!knownUnits.has(fieldConfig?.defaults.unit ?? '')) say(panel, `"${fieldConfig?.defaults.unit}" is no unit`);
    if (targets.length === 0) say(panel, 'it asks nothing');
    const uids = new Set(targets.map((target) => target.datasource.uid));
    const wanted = uids.size > 1 ? '-- Mixed --' : [...uids][0];
    if (datasource?.uid !== wanted) say(panel, `its data source is ${datasource?.uid}, its queries ask ${wanted}`);
    for (const { refId, datasource: source, expr, rawSql, query } of targets) {
      if (targets.filter((other) => other.refId === refId).length > 1) say(panel, `${refId} is there twice`);
      if (!isKnown(source)) say(panel, `${refId} asks ${source.type} ${source.uid}, which is not provisioned`);
      const text = expr ?? rawSql ?? query ?? '';
      for (const [, name = ''] of text.matchAll(/\$\{?(?!__|tag_|timeFilter)([a-z]\w*)/gi))
        if (!variables.has(name)) say(panel, `${refId} uses the variable ${name}, which there is not`);
      if (rawSql !== undefined && !/\$__timeFilter|service_state_view/.test(rawSql))
        say(panel, `${refId} reads without a bound in time`);
    }
  }
  return mistakes;
}

describe('The dashboards', () => {
  it.each(dashboards.map((one) => [one.file, one] as const))('%s has no mistake', (_file, dashboard) => {
    expect(mistakesOf(dashboard)).toEqual([]);
    expect(dashboard).toMatchObject({ schemaVersion: 42, editable: false, tags: ['watchkeeper'] });
    for (const variable of dashboard.templating.list) {
      expect([variable.name, variable.label, variable.description]).toEqual([
        variable.name,
        expect.stringMatching(/^[A-Z]/),
        expect.stringMatching(/\S{3}/),
      ]);
    }
  });

  it('have identifiers and titles of their own', () => {
    for (const key of ['uid', 'title'] as const)
      expect(new Set(dashboards.map((one) => one[key])).size).toBe(dashboards.length);
    for (const { uid } of dashboards) expect(uid).toMatch(/^watchkeeper-[a-z-]{1,28}$/);
  });

  it('show the same measure from three data sources side by side', () => {
    const calls = dashboards.find(({ uid }) => uid === 'watchkeeper-api-calls');
    const beside = (calls?.panels ?? []).filter(({ title }) => /^Calls per minute, from/.test(title));
    expect(beside.map(({ datasource }) => datasource?.uid).sort()).toEqual(sources.map(({ uid }) => uid).sort());
    expect(new Set(beside.map(({ gridPos }) => gridPos.y)).size).toBe(1);
  });

  it('the lint finds what is wrong', () => {
    const [first] = dashboards as [DashboardFile];
    const at = first.panels.findIndex(({ type }) => type !== 'row');
    const panel = first.panels[at] as DashboardPanel;
    const [target] = panel.targets ?? [];
    const changed = (change: object) =>
      mistakesOf({ ...first, panels: first.panels.with(at, { ...panel, ...change }) });
    const foundBy = [
      { type: 'graph' },
      { id: first.panels[0]?.id },
      { title: ' ' },
      { description: 'x' },
      { gridPos: { ...panel.gridPos, x: 20, w: 5 } },
      { gridPos: { ...panel.gridPos, y: 0 } },
      { fieldConfig: { defaults: { unit: 'fathoms' } } },
      { targets: [{ ...target, datasource: { type: 'prometheus', uid: 'other' } }] },
      { targets: [target, target] },
      { targets: [{ ...target, rawSql: 'select 1 where $absent and $__timeFilter(time)' }] },
    ];
    for (const change of foundBy) expect([change, changed(change).length > 0]).toEqual([change, true]);
    expect(changed({})).toEqual([]);
  });
});

describe('The provisioned data sources', () => {
  it('have fixed uids and versions, cannot be edited, and hold no secret', () => {
    for (const path of ['provisioning/datasources/watchkeeper.yaml', 'environments/datasources.yaml']) {
      const all = readSources(path);
      expect(new Set(all.map(({ uid }) => uid)).size).toBe(all.length);
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
      expect(all.filter(({ isDefault }) => isDefault === true).length).toBeLessThanOrEqual(1);
      for (const { uid, version, editable, url, secureJsonData = {} } of all) {
        expect(uid).toMatch(/^watchkeeper-[a-z-]{1,28}$/);
        expect([uid, version >= 1, editable]).toEqual([uid, true, false]);
        for (const text of [url, ...Object.values(secureJsonData)]) expect(text).toMatch(/^\$WATCHKEEPER_[A-Z_]+$/);
      }
    }
  });

  it('of a Watchkeeper per environment are what the variable of the dashboards chooses', () => {
    const [variable] = dashboards.flatMap(({ templating }) =>
      templating.list.filter(({ type }) => type === 'datasource'),
    );
    const pattern = new RegExp(String(variable?.regex).replaceAll(/^\/|\/$/g, ''));
    const views = readSources('environments/datasources.yaml').filter(({ type }) => type === variable?.query);
    expect(views.length).toBeGreaterThan(1);
    for (const { name } of views) expect(name).toMatch(pattern);
  });
});
