import { describe, expect, it } from 'vitest';
import { influxqlOf, promqlOf, type Surroundings, sqlOf } from './grafana-queries.ts';

const given: Surroundings = {
  from: new Date('2026-11-21T10:00:00.500Z'),
  to: new Date('2026-11-21T11:00:00Z'),
  ...{ intervalMs: 15_000, scrapeMs: 10_000 },
  variables: {
    zone: { values: ['fra', "o'hare"], isMulti: true },
    host: { values: ['web-1.a'], isMulti: true },
    monitor: { values: ['4f1c'], isMulti: false },
  },
};

describe('Queries as Grafana sends them', () => {
  it('to PostgreSQL: quoted values, macros of the time', () => {
    expect(
      sqlOf(`select $__timeGroupAlias(time, $__interval) where $__timeFilter(dt) and zone in ($zone)`, given),
    ).toBe(
      `select floor(extract(epoch from time)/15)*15 AS "time" where dt BETWEEN '2026-11-21T10:00:00Z' AND '2026-11-21T11:00:00Z' and zone in ('fra','o''hare')`,
    );
    expect(sqlOf(`source = '$monitor' and host in ($host)`, given)).toBe(`source = '4f1c' and host in ('web-1.a')`);
    expect(() => sqlOf('$__timeSlot(time)', given)).toThrow('no such macro');
  });

  it('to Prometheus: regular expressions, ranges', () => {
    expect(promqlOf('rate(a{zone=~"$zone", host=~"$host"}[$__rate_interval])', given)).toBe(
      'rate(a{zone=~"(fra|o\'hare)", host=~"web-1\\\\.a"}[40s])',
    );
    expect(promqlOf('increase(a[$__range])', given)).toBe('increase(a[3600s])');
  });

  it('to InfluxDB: regular expressions, time in milliseconds; tags of aliases stay', () => {
    expect(influxqlOf('where $timeFilter and h =~ /^$host$/ group by time($__interval)', given)).toBe(
      'where time >= 1795255200500ms and time <= 1795258800000ms and h =~ /^web-1\\.a$/ group by time(15s)',
    );
    expect(influxqlOf('60000 / $__interval_ms, z =~ /^$zone$/', given)).toBe(`60000 / 15000, z =~ /^(fra|o'hare)$/`);
  });
});
