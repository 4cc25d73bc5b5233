import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { dataSources } from './data-sources.ts';
import { onOneLine } from './queries.ts';

interface VariableText {
  readonly label: string;
  readonly description: string;
}

/** Several values from a question to the views; all of them at first. A row may have `__text` and `__value`. */
export function chosenFromViews(name: string, rawSql: string, { label, description }: VariableText) {
  const query = onOneLine(rawSql);
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(dataSources.views)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** One value from a question to the views. */
export function oneFromViews(name: string, rawSql: string, { label, description }: VariableText) {
  const query = onOneLine(rawSql);
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(dataSources.views)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc);
}

/** Several values of a label of a metric. */
export function chosenLabels(name: string, metric: string, { label, description }: VariableText) {
  const question = `label_values(${metric}, ${name})`;
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(dataSources.prometheus)
    .query({ qryType: 1, query: question, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .definition(question)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** Which Watchkeepers: every data source of views, one for each environment that has a Watchkeeper of its own. */
export function chosenWatchkeepers() {
  return new DatasourceVariableBuilder('watchkeeper')
    .label('Watchkeeper')
    .description('Databases of Watchkeepers, one for each environment that has its own')
    .type(dataSources.views.type)
    .regex('/^Watchkeeper/')
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
