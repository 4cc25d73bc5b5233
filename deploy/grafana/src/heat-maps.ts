import {
  HeatmapCalculationBucketConfigBuilder,
  HeatmapCalculationMode,
  HeatmapCalculationOptionsBuilder,
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { described, type PanelText } from './panels.ts';

const colors = (scheme: string) =>
  new HeatmapColorOptionsBuilder()
    .mode(HeatmapColorMode.Scheme)
    .scheme(scheme)
    .scale(HeatmapColorScale.Exponential)
    .exponent(0.5)
    .steps(64);

const base = (text: PanelText, scheme: string) =>
  described(new HeatmapBuilder(), text)
    .color(colors(scheme))
    .cellGap(1)
    .showLegend()
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true).showColorScale(true));

/**
 * How single values are spread over time: Grafana counts them in cells. Durations double from cell to cell; values that
 * may be zero stand in twenty cells of one size.
 */
export function spread(text: PanelText, scale: ScaleDistribution.Log | ScaleDistribution.Linear): HeatmapBuilder {
  const distribution = new ScaleDistributionConfigBuilder().type(scale);
  const buckets = new HeatmapCalculationBucketConfigBuilder();
  if (scale === ScaleDistribution.Log) buckets.mode(HeatmapCalculationMode.Size).value('2').scale(distribution.log(2));
  else buckets.mode(HeatmapCalculationMode.Count).value('20').scale(distribution);
  return base(text, 'Oranges')
    .calculate(true)
    .calculation(new HeatmapCalculationOptionsBuilder().yBuckets(buckets))
    .yAxis(new YAxisConfigBuilder().unit(text.unit));
}

/** The same from buckets that were counted before: a histogram of Prometheus. */
export function countedSpread(text: PanelText, unitOfBuckets: string): HeatmapBuilder {
  return base(text, 'Oranges')
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Le).value('Requests'))
    .yAxis(new YAxisConfigBuilder().unit(unitOfBuckets));
}

/** A line of cells for each series, warm where its value is high. */
export function rowsOfCells(text: PanelText, valueName: string): HeatmapBuilder {
  return base(text, 'Turbo')
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto).value(valueName))
    .yAxis(new YAxisConfigBuilder());
}
