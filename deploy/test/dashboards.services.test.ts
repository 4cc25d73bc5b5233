import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDashboards, type Target, type Variable } from './dashboard-files.ts';
import { isMissing } from './deployed-settings.ts';
import { type ChosenValues, influxqlOf, promqlOf, type Surroundings, sqlOf } from './grafana-queries.ts';
import { type GrafanaWorld, openGrafanaWorld, scrapeSeconds, unsteadyMonitor } from './grafana-world.ts';

const dashboards = readDashboards();
const intervalMs = 15_000;
const surroundings = (from: Date, to: Date): Surroundings => ({
  ...{ from, to, intervalMs, scrapeMs: scrapeSeconds * 1000, variables: {} },
});
const places: Surroundings['variables'] = {
  environment: { values: ['hybrid', 'production'], isMulti: true },
  zone: { values: ['eu-de', 'eu-nl'], isMulti: true },
};

/** Every query of every panel, answered by the real data source of its panel. */
describe.skipIf(isMissing('promtool') || isMissing('influxd'))(
  'Every query of the dashboards is answered with data',
  () => {
    let world: GrafanaWorld;
    beforeAll(async () => {
      world = await openGrafanaWorld();
    }, 300_000);
    afterAll(() => world?.close());

    for (const dashboard of dashboards) {
      describe(dashboard.title, () => {
        const given = () => {
          const to = new Date();
          const from = new Date(to.getTime() - 15 * 60_000);
          return { from, to, intervalMs, scrapeMs: scrapeSeconds * 1000, variables };
        };
        let variables: Record<string, ChosenValues> = {};
        beforeAll(async () => {
          variables = {};
          for (const variable of dashboard.templating.list)
            variables = { ...variables, [variable.name]: await choose(variable, given()) };
        });

        it('every variable has values', () => {
          const names = dashboard.templating.list.map(({ name }) => name);
          expect(names.filter((name) => (variables[name]?.values.length ?? 0) === 0)).toEqual([]);
        });

        it('the views answer for a month too, by longer steps', async () => {
          const month = surroundings(new Date(Date.now() - 30 * 86_400_000), new Date());
          const asked = dashboard.panels.flatMap(({ title, targets = [] }) =>
            targets.map((target) => ({ title, target })),
          );
          for (const { title, target } of asked.filter((one) => one.target.rawSql !== undefined)) {
            const values = await ask(target, { ...month, intervalMs: 2 * 3_600_000, variables });
            expect([title, values.length > 0]).toEqual([title, true]);
          }
        });

        for (const { title, targets = [] } of dashboard.panels) {
          it.each(targets.map((target) => [`${title} (${target.refId})`, target] as const))(
            '%s',
            async (_name, target) => {
              const numbers = await ask(target, given());
              expect(numbers.length, 'rows').toBeGreaterThan(0);
              expect(
                numbers.some((value) => value !== null),
                'a value',
              ).toBe(true);
            },
          );
        }
      });
    }

    it('the views, InfluxDB and Prometheus tell the same of the same minutes', async () => {
      const panels = dashboards.find(({ uid }) => uid === 'watchkeeper-api-calls')?.panels ?? [];
      const targetFrom = (source: string) =>
        panels.find(({ title }) => title === `Calls per minute, from ${source}`)?.targets?.[0] as Target;
      // The minutes that the measurements cover from end to end.
      const minuteMs = Math.floor(world.measuredFrom.getTime() / 60_000 + 1) * 60_000;
      const [from, to] = [new Date(minuteMs), new Date(minuteMs + 5 * 60_000 - 1000)];
      const given = { ...surroundings(from, to), intervalMs: 60_000, variables: places };
      const { rows } = await world.views.query(sqlOf(targetFrom('the views').rawSql ?? '', given));
      const fromViews = rows.map(({ time, metric, value }) => [Number(time), metric, Number(value)]);
      const series = await world.influx.series(influxqlOf(targetFrom('InfluxDB').query ?? '', given));
      const fromInflux = series.flatMap(({ tags, values }) =>
        values.map(([time, value]) => [Number(time) / 1e9, `${tags?.environment} · ${tags?.zone}`, value]),
      );
      // Two calls every five seconds from three places.
      expect(fromViews.length).toBe(15);
      expect(new Set(fromViews.map(([, , value]) => value))).toEqual(new Set([24]));
      expect(fromInflux.toSorted()).toEqual(fromViews.toSorted());
      const newest = await world.prometheus.query(promqlOf(targetFrom('Prometheus').expr ?? '', given));
      expect(newest.map(({ value }) => value?.[1])).toEqual(['24', '24', '24']);
    });

    /** The options of a variable as Grafana finds them; one where only one can be chosen. */
    async function choose({ type, query, datasource, multi, includeAll }: Variable, given: Surroundings) {
      const isMulti = multi === true || includeAll === true;
      if (type === 'datasource') return { values: ['watchkeeper-views'], isMulti };
      const text = typeof query === 'string' ? query : query.query;
      if (datasource?.type === 'prometheus') {
        const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
        const found = await world.prometheus.query(metric);
        return { values: [...new Set(found.flatMap((series) => series.metric[label] ?? []))], isMulti };
      }
      const { rows } = await world.views.query<Record<string, string>>(sqlOf(text, given));
      const options = rows.map((row) => ({
        text: row.__text ?? Object.values(row)[0] ?? '',
        value: row.__value ?? Object.values(row)[0] ?? '',
      }));
      const wanted = isMulti ? options : options.filter((option) => option.text === unsteadyMonitor);
      return { values: wanted.map(({ value }) => value), isMulti };
    }

    /** The values of an answer, null for what was not measured. @throws Error when the source refuses the query */
    async function ask(target: Target, given: Surroundings): Promise<(string | number | null)[]> {
      const { expr, instant, rawSql, format, query, datasource } = target;
      if (datasource.type === 'prometheus') return askPrometheus(promqlOf(expr ?? '', given), instant === true, given);
      if (datasource.type === 'influxdb') {
        const series = await world.influx.series(influxqlOf(query ?? '', given));
        return series.flatMap(({ values }) => values.map((row) => row[1] as number | null));
      }
      const { rows, fields } = await world.views.query<Record<string, string | number | null>>(
        sqlOf(rawSql ?? '', given),
      );
      if (format === 'time_series') {
        expect(fields.map(({ name }) => name)).toEqual(['time', 'metric', 'value']);
        const times = rows.map(({ time }) => Number(time));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }
      const last = fields.at(-1)?.name ?? '';
      const isTable = format === 'table';
      return rows.map((row) =>
        isTable ? (Object.values(row).find((value) => value !== null) ?? null) : (row[last] ?? null),
      );
    }

    async function askPrometheus(text: string, isInstant: boolean, { from, to }: Surroundings) {
      if (isInstant) return (await world.prometheus.query(text)).map(({ value }) => value?.[1] ?? null);
      const found = await world.prometheus.queryRange(text, { from, to, stepSeconds: intervalMs / 1000 });
      return found.flatMap(({ values = [] }) => values.map(([, value]) => (value === 'NaN' ? null : value)));
    }
  },
);
