import { createdAt } from '../devices/identity.ts';
import { type Configuration, configurationEtag, type Results } from './configuration.ts';
import { systemQueries } from './system-metrics.ts';

/** The JSON form, in the recorded order. */
export function configurationDocument(configuration: Configuration, results: Results | undefined): object {
  const { id, schemaVersion, labels, content, targetCondition, lastUpdatedTimeUtc, priority, queries } = configuration;
  return {
    id,
    schemaVersion,
    labels,
    content: { [content.kind]: content.value },
    targetCondition,
    createdTimeUtc: createdAt(configuration),
    lastUpdatedTimeUtc,
    priority,
    systemMetrics: { results: results?.system ?? {}, queries: systemQueries(configuration) },
    metrics: { results: results?.custom ?? {}, queries },
    etag: configurationEtag(configuration),
  };
}
