import { distance } from 'fastest-levenshtein';
import type { EdgeModule } from '../../rules/deployment-words.ts';
import type { MapValue, Member } from '../json/value.ts';
import { type Problem, problemAtKey } from '../problem.ts';

/** Where keys of a deployment belong that people write at another level. */
const levels: Readonly<Record<EdgeModule, ReadonlyMap<string, string>>> = {
  edgeAgent: new Map([
    ...['schemaVersion', 'runtime', 'systemModules', 'modules'].map((key): [string, string] => [
      key,
      'properties.desired',
    ]),
    ...['minDockerVersion', 'loggingOptions', 'registryCredentials'].map((key): [string, string] => [
      key,
      'runtime.settings',
    ]),
    ...['version', 'type', 'status', 'restartPolicy', 'imagePullPolicy', 'startupOrder', 'env', 'settings'].map(
      (key): [string, string] => [key, 'the module'],
    ),
    ...['image', 'createOptions'].map((key): [string, string] => [key, 'settings of the module']),
  ]),
  edgeHub: new Map([
    ...['schemaVersion', 'routes', 'storeAndForwardConfiguration', 'mqttBroker'].map((key): [string, string] => [
      key,
      'properties.desired',
    ]),
    ...['timeToLiveSecs', 'storeLimits'].map((key): [string, string] => [key, 'storeAndForwardConfiguration']),
    ['maxSizeBytes', 'storeAndForwardConfiguration.storeLimits'],
    ...['priority', 'route'].map((key): [string, string] => [key, 'the route']),
  ]),
};

/** Other places where keys of an open object belong: keys of HostConfig at the root of createOptions. */
export type KeysElsewhere = ReadonlyMap<string, string>;

interface Around {
  readonly of: EdgeModule;
  readonly key: string;
  readonly open: boolean;
  /** The keys that are known here. */
  readonly known: readonly string[];
  readonly elsewhere?: KeysElsewhere | undefined;
}

/** What to say of a key that the reader does not know. People write `_comment` and `$schema` on purpose. */
export function unknownKey(
  one: Member,
  map: MapValue,
  { of, key, open, known: here, elsewhere }: Around,
): readonly Problem[] {
  const { key: written } = one;
  if (/^[_$]/.test(written)) return [];
  const details = { of, key, written };
  const tell = (belongs: string) => [
    problemAtKey('deployment/misplaced-key', { ...details, belongs }, map, one.keyOffset),
  ];
  if (open) {
    const belongs = elsewhere?.get(written);
    return belongs === undefined ? [] : tell(belongs);
  }
  const first = written.replace(/^properties\.desired\./, '');
  const isLayer = written.startsWith('properties.desired') || levels[of].has(first.split('.')[0] ?? '');
  if (written.includes('.') && isLayer) return tell('a layer: beside properties.desired, or as an object');
  const known = nearest(written, here);
  if (known !== undefined) return [problemAtKey('deployment/misspelt-key', { ...details, known }, map, one.keyOffset)];
  const belongs = levels[of].get(written) ?? (looksLikeModule(one) ? 'modules' : undefined);
  if (belongs !== undefined) return tell(belongs);
  return [problemAtKey('deployment/unknown-key', details, map, one.keyOffset)];
}

/** A module that stands in `systemModules`, or beside `modules`, is never started. */
function looksLikeModule({ value }: Member): boolean {
  return value.kind === 'map' && value.members.some(({ key }) => key === 'settings');
}

/** No key that is known has as many characters. */
const longest = 60;

/** The known key that was probably meant: a slip of the keys, or a part of its name. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > longest) return undefined;
  const lower = written.toLowerCase();
  const most = written.length < 5 ? 1 : written.length < 10 ? 2 : 3;
  const ranked = known
    .map((key) => ({ key, far: distance(lower, key.toLowerCase()) }))
    .sort((one, other) => one.far - other.far);
  const [first] = ranked;
  if (first !== undefined && first.far <= most) return first.key;
  if (lower.length < 6) return undefined;
  return known.find((key) => key.toLowerCase().includes(lower));
}
