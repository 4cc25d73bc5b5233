/** Panels as all dashboards draw them. Each has a title, what it means, a unit and its queries. */
import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphDrawStyle,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { mixedSource } from './data-sources.ts';
import type { Query } from './queries.ts';

export interface PanelText {
  readonly title: string;
  /** What is seen, and when to worry. */
  readonly description: string;
  /** Identifier of a unit of Grafana: `ms`, `percentunit`, `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Columns of the grid, 1 to 24. */
  readonly width: number;
  /** Rows of the grid, some 30 pixels each. */
  readonly height?: number;
  /** Shortest step over time: `1m` where there is nothing finer. */
  readonly interval?: string;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  /** Colours from values on, rising; the first one is below all. */
  readonly thresholds?: readonly [string, ...(readonly [number, string])[]];
}

interface PanelBuilder extends Builder<Panel> {
  title(title: string): this;
  description(text: string): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  interval(interval: string): this;
  min(min: number): this;
  max(max: number): this;
  decimals(decimals: number): this;
  datasource(source: DataSourceRef): this;
  targets(targets: Builder<Dataquery>[]): this;
  thresholds(thresholds: Builder<ReturnType<ThresholdsConfigBuilder['build']>>): this;
}

/** Gives a panel what every panel has. */
export function described<B extends PanelBuilder>(panel: B, text: PanelText): B {
  const { title, description, unit, queries, width, height = 8, interval, thresholds, min, max, decimals } = text;
  const [first] = queries;
  const isMixed = queries.some(({ source }) => source.uid !== first?.source.uid);
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(height)
    .datasource(isMixed || first === undefined ? mixedSource : first.source)
    .targets(queries.map(({ withRefId }, index) => withRefId(String.fromCharCode(65 + index))));
  if (interval !== undefined) panel.interval(interval);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  const [base = 'green', ...steps] = thresholds ?? [];
  const rising = steps.map(([value, color]) => ({ value, color }));
  panel.thresholds(
    new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: base }, ...rising]),
  );
  return panel;
}

/** Lines over time, the legend with last and highest values. */
export function lines(text: PanelText): TimeSeriesBuilder {
  const panel = described(new TimeSeriesBuilder(), text)
    .lineWidth(2)
    .fillOpacity(8)
    .gradientMode(GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (text.thresholds !== undefined)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

/** Bars over time, one upon the other. */
export function stackedBars(text: PanelText): TimeSeriesBuilder {
  return lines(text)
    .drawStyle(GraphDrawStyle.Bars)
    .lineWidth(0)
    .fillOpacity(80)
    .gradientMode(GraphGradientMode.None)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** Areas over time, one upon the other. */
export function stackedAreas(text: PanelText): TimeSeriesBuilder {
  return lines(text)
    .lineWidth(1)
    .fillOpacity(45)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** Large numbers, coloured by thresholds. */
export function numbers(text: PanelText, graph = BigValueGraphMode.Area): StatBuilder {
  return described(new StatBuilder(), { height: 4, ...text })
    .colorMode(BigValueColorMode.Value)
    .graphMode(graph)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false));
}

/** Bars side by side, the longest first when the query says so: one for each row of a table. */
export function rankedBars(text: PanelText): BarGaugeBuilder {
  return described(new BarGaugeBuilder(), text)
    .displayMode(BarGaugeDisplayMode.Gradient)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(true)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(true).limit(25));
}

/** States over time, a line for each series. */
export function states(text: PanelText, mappings: readonly ValueMapping[]): StateTimelineBuilder {
  return described(new StateTimelineBuilder(), text)
    .mappings([...mappings])
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(80)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
}

/** A table that can be filtered. */
export function table(text: PanelText): TableBuilder {
  return described(new TableBuilder(), text).filterable(true).showHeader(true);
}
