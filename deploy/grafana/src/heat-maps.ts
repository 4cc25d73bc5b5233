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

/** How single values are spread over time: Grafana counts them in cells, upwards ever larger. */
export function spread(text: PanelText): HeatmapBuilder {
  const logarithmic = new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(2);
  return base(text, 'Oranges')
    .calculate(true)
    .calculation(
      new HeatmapCalculationOptionsBuilder().yBuckets(
        new HeatmapCalculationBucketConfigBuilder().mode(HeatmapCalculationMode.Size).value('1').scale(logarithmic),
      ),
    )
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
