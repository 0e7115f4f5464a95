import { wantedText } from '../devices/identity.ts';
import { invalidValue, Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import type { Texts, WantedConfiguration } from './configuration.ts';
import { wantedContent } from './content.ts';
import { requireMetricQueries } from './metric-queries.ts';
import { selectionOf } from './target-condition.ts';

/** Reported from a live hub. No letter is a capital. */
const identifier = /^[a-z0-9\-+%_*!']{1,128}$/;

/** Printable ASCII without `/`, https://learn.microsoft.com/azure/iot-hub/iot-hub-automatic-device-management */
const labelValue = /^[ -.0-~]{0,128}$/;

const largestPriority = 2 ** 31 - 1;

/** Reads the body of a PUT. Throws `Refused` if the service would answer 400. */
export function wantedConfiguration(id: string, body: JsonObject): WantedConfiguration {
  if (!identifier.test(id)) throw new Refused('ArgumentInvalid', `The configuration identifier '${id}' is invalid.`);
  const named = property(body, 'id');
  if (named === undefined || named === null) throw new Refused('ArgumentNull', 'id is missing.');
  if (named !== id) throw new Refused('ArgumentInvalid', 'The id of the body is not that of the path.');
  const content = wantedContent(property(body, 'content'));
  const targetCondition = wantedText(body, 'targetCondition', 8192) ?? '';
  selectionOf(targetCondition, content.kind);
  const queries = wantedQueries(property(body, 'metrics'));
  requireMetricQueries(queries);
  return {
    id,
    schemaVersion: wantedText(body, 'schemaVersion', 128) ?? null,
    labels: wantedLabels(property(body, 'labels')),
    content,
    targetCondition,
    priority: wantedPriority(property(body, 'priority')),
    queries,
  };
}

function wantedPriority(priority: unknown): number {
  if (priority === undefined || priority === null) return 0;
  const whole = typeof priority === 'number' && Number.isInteger(priority);
  if (!whole || priority < 0 || priority > largestPriority) throw invalidValue('priority', priority);
  return priority;
}

function wantedLabels(labels: unknown): Texts | null {
  if (labels === undefined || labels === null) return null;
  const read = textsIn(labels, 'labels');
  for (const [name, value] of Object.entries(read)) {
    if (!labelValue.test(value)) throw invalidValue(`labels.${name}`, value);
  }
  return read;
}

function wantedQueries(metrics: unknown): Texts {
  const queries = isJsonObject(metrics) ? property(metrics, 'queries') : metrics;
  return queries === undefined || queries === null ? {} : textsIn(queries, 'metrics.queries');
}

/** The texts of an object. Throws `Refused` if it has anything else. */
export function textsIn(value: unknown, name: string): Texts {
  if (!isJsonObject(value)) throw invalidValue(name, value);
  const texts = Object.entries(value).map(([key, text]) => {
    if (typeof text !== 'string') throw invalidValue(`${name}.${key}`, text);
    return [key, text] as const;
  });
  return Object.fromEntries(texts);
}
