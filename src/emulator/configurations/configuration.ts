import { createdAt, wantedText } from '../devices/identity.ts';
import { invalidValue, Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { type Content, wantedContent } from './content.ts';
import { requireMetricQueries } from './metric-queries.ts';
import { systemQueries } from './system-metrics.ts';
import { selectionOf } from './target-condition.ts';

/** An automatic deployment to edge devices, or a configuration of devices or modules. It is replaced, never changed in place. */
export interface Configuration {
  readonly id: string;
  /** .NET ticks of its creation. Of two with the same priority the later one wins. */
  readonly generationId: string;
  /** The counter behind the etag. It begins at 1 (recorded). */
  readonly version: number;
  readonly schemaVersion: string | null;
  readonly labels: Texts | null;
  readonly content: Content;
  /** Empty: it targets nothing. */
  readonly targetCondition: string;
  /** ISO time. */
  readonly lastUpdatedTimeUtc: string;
  readonly priority: number;
  /** The custom metrics: a name and a query. */
  readonly queries: Texts;
}

export type Texts = Readonly<Record<string, string>>;

/** What a client wants a configuration to be. */
export type WantedConfiguration = Omit<Configuration, 'generationId' | 'version' | 'lastUpdatedTimeUtc'>;

/** The numbers that the hub has counted: by the system's queries, and by the custom ones. Undefined until it has evaluated. */
export interface Results {
  readonly system: Readonly<Record<string, number>>;
  readonly custom: Readonly<Record<string, number>>;
}

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

/** The etag without quotes: the counter in base64 (recorded). */
export function configurationEtag({ version }: Configuration): string {
  return Buffer.from(String(version)).toString('base64');
}

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
