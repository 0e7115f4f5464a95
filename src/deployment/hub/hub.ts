import { integrity, lastOf } from '../agent/agent.ts';
import type { Desired } from '../form.ts';
import { type MapValue, member, type Value } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import { nearest } from '../reading/known-keys.ts';
import { Reading, type ReadingOptions } from '../reading/reading.ts';
import { heldText } from '../reading/scalars.ts';
import { type Field, mapOf, needed, type ObjectShape, object, type Shape, text, whole } from '../reading/shape.ts';
import { textOf } from '../reading/token-text.ts';
import { compareVersions, parseVersion } from '../reading/version.ts';
import { trimmed } from '../route/dotnet-text.ts';
import { broker, judgeBroker } from './broker.ts';
import { judgeHubLayers } from './layers.ts';
import { nameOfRoute, readRouteText, routes } from './routes.ts';

/** StoreAndForwardConfiguration.cs and StoreLimits.cs */
const storeAndForward = object({
  timeToLiveSecs: whole('int32'),
  storeLimits: object({ maxSizeBytes: whole('int64') }),
});

/** Routes of schemaVersion 1.0 where each schema has a form of its own: texts, of which blank ones are skipped. */
const plainRoutes: Shape = mapOf({
  kind: 'own',
  read: (reading, value, key) => {
    if (reading.isOpen(value)) return 'value';
    const held = reading.read(value, text, key);
    if (held === 'refused') return held;
    const route = heldText(reading, value) ?? '';
    if (trimmed(route) !== '') {
      const hasName = trimmed(key.slice('routes.'.length)) !== '';
      return hasName
        ? readRouteText(reading, route, value, key)
        : reading.refuse({ kind: 'blank', key: nameOfRoute }, value);
    }
    reading.problems.push(problem('deployment/skipped-route', { key, found: foundText(value) }, value));
    return 'null';
  },
});

const unread: Field = { shape: { kind: 'any' }, hidden: true };
const sure = {
  schemaVersion: needed(text),
  routes: needed(routes),
  storeAndForwardConfiguration: needed(storeAndForward),
};

/** EdgeHubDesiredProperties.cs, and its classes for each schemaVersion. */
const desiredOf = {
  one: object({ ...sure, mqttBroker: unread, integrity: unread }),
  0: object({
    schemaVersion: text,
    routes: plainRoutes,
    storeAndForwardConfiguration: needed(storeAndForward),
    mqttBroker: unread,
    integrity: unread,
  }),
  1: object({ ...sure, mqttBroker: unread, integrity: unread }),
  2: object({
    ...sure,
    mqttBroker: broker,
    brokerConfiguration: { shape: broker, readAs: 'mqttBroker', hidden: true },
    integrity: unread,
  }),
  3: object({
    ...sure,
    mqttBroker: broker,
    brokerConfiguration: { shape: broker, readAs: 'mqttBroker', hidden: true },
    integrity,
  }),
} as const satisfies Record<string, ObjectShape>;

/** Judges the desired properties of $edgeHub: EdgeHubConfigParser.cs. */
export function judgeHub(desired: Desired, options: Omit<ReadingOptions, 'of'>): readonly Problem[] {
  const reading = new Reading({ ...options, of: 'edgeHub' });
  const { whole: base, layers } = desired;
  if (base === undefined && layers.length > 0) return judgeHubLayers(reading, desired);
  const root = base?.value ?? desired.value;
  if (reading.isOpen(root)) return [];
  if (base === undefined || root.kind !== 'map') {
    reading.refuse({ kind: 'missing', key: 'schemaVersion', isNull: false }, root);
    return reading.problems;
  }
  const schema = options.runtime.hubForms === 'one' ? oneForm(reading, root) : formBySchema(reading, root);
  if (schema !== undefined) readDesired(reading, root, schema);
  return layers.length === 0
    ? reading.problems
    : [...reading.problems, ...judgeHubLayers(new Reading({ ...options, of: 'edgeHub' }), desired)];
}

type Schema = keyof typeof desiredOf;

function readDesired(reading: Reading, root: MapValue, schema: Schema): void {
  reading.fields(root, desiredOf[schema], '');
  const store = lastOf(root, 'storeAndForwardConfiguration')?.value;
  const isMisspelt =
    store?.kind === 'map' && store.members.some(({ key }) => nearest(key, ['timeToLiveSecs']) !== undefined);
  // A key that is nearly this one is told already.
  if (store?.kind === 'map' && !isMisspelt) {
    reading.problems.push(problem('deployment/no-time-to-live', {}, store));
  }
  const routesFound = lastOf(root, 'routes')?.value;
  if (schema === 0 && routesFound !== undefined && isNothing(routesFound)) {
    reading.problems.push(problem('deployment/no-routes', { found: foundText(routesFound) }, routesFound));
  }
  for (const [key, from] of [
    ['mqttBroker', 2],
    ['integrity', 3],
  ] as const) {
    const one = lastOf(root, key);
    const isRead = typeof schema === 'number' && schema >= from;
    const isNull = key === 'integrity' && one?.value.kind === 'null';
    if (one === undefined || (isRead && !isNull)) continue;
    const details = { key, runtime: reading.runtime.name, needs: `1.${from}`, known: schema !== 'one' };
    reading.problems.push(problem('deployment/not-read', details, one.value));
  }
  if (typeof schema === 'number' && schema >= 2) judgeBroker(reading, lastOf(root, 'mqttBroker')?.value);
}

/** ConfigSchemaVersion of Constants.cs: 1.1.0. */
const newest = [1, 1, 0, -1] as const;

/** Up to 1.1: ValidateSchemaVersion of EdgeHubDesiredProperties.cs. */
function oneForm(reading: Reading, root: MapValue): Schema {
  const value = lastOf(root, 'schemaVersion')?.value;
  const held = value === undefined || reading.isOpen(value) ? undefined : heldText(reading, value);
  if (value === undefined || held === undefined) return 'one';
  const version = parseVersion(held);
  if (version === undefined || version[0] !== 1 || compareVersions(version, newest) > 0)
    refuseSchema(reading, value, '"1.0" or "1.1"');
  return 'one';
}

/** From 1.2 on: the key by its exact name, and the value as .NET writes it, so that the number 1.0 is `1`. */
function formBySchema(reading: Reading, root: MapValue): Schema | undefined {
  const found = member(root, 'schemaVersion');
  if (found === undefined) {
    const other = lastOf(root, 'schemaVersion');
    reading.refuse(
      { kind: 'missing', key: 'schemaVersion', isNull: false },
      other === undefined ? root : { keyOf: root, offset: other.keyOffset },
    );
    return undefined;
  }
  const { value } = found;
  if (reading.isOpen(value)) return 1;
  const version = parseVersion(textOf(value));
  const [major, minor] = version ?? [];
  if (major === 1 && (minor === 0 || minor === 1 || minor === 2 || minor === 3)) return minor;
  refuseSchema(reading, value, '"1.0" to "1.3"');
  // What stands beside it is judged as most deployments have it.
  return value.kind === 'map' || value.kind === 'list' ? undefined : 1;
}

function refuseSchema(reading: Reading, value: Value, expected: string): void {
  const details = {
    of: 'edgeHub',
    runtime: reading.runtime.name,
    stage: 'parse',
    found: foundText(value),
    expected,
    write: '"1.1"',
  } as const;
  reading.problems.push(problem('deployment/schema-version', details, value));
}

/** What is read as no object at all. */
function isNothing(value: Value): boolean {
  return value.kind === 'null' || (value.kind === 'text' && value.text === '');
}
