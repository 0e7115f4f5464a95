import type { MapValue, Value } from '../json/value.ts';
import { problem } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import {
  type Field,
  type Held,
  mapOf,
  needed,
  type ObjectShape,
  object,
  type Reading,
  type Shape,
  text,
  whole,
} from '../reading/shape.ts';
import { textOf } from '../reading/token-text.ts';
import { wordOfNumber, wordOfText } from '../reading/word.ts';
import { lookUp, settings } from './settings.ts';
import { restartPolicies, statuses, words } from './words.ts';

/** EnvVal.cs. An entry may be null. */
const variable = object({ value: text });
const env: Shape = mapOf({
  kind: 'own',
  read: (reading, value, key) => {
    if (reading.isOpen(value)) return 'value';
    const isPlain = value.kind !== 'map' && value.kind !== 'null' && !(value.kind === 'text' && value.text === '');
    if (!isPlain) return reading.read(value, variable, key);
    const name = key.slice(key.lastIndexOf('.env.') + 5);
    return reading.refuse({ kind: 'env', key, name, found: foundText(value) }, value);
  },
});

/** ConfigurationInfo.cs: a parameter of the constructor. It is read, and nobody uses it. */
const configuration: Field = { shape: object({ id: text }), hidden: true, unused: true };

const shared = {
  type: text,
  settings: needed(settings),
  env,
  imagePullPolicy: words.imagePullPolicy,
  startupOrder: whole('uint32'),
  version: text,
  configuration,
};

/** DockerDesiredModule.cs and EdgeHubDockerModule.cs. */
const module = object({
  ...shared,
  status: needed(words.status),
  restartPolicy: words.restartPolicy,
  desiredStatus: { shape: words.status, readAs: 'status', hidden: true },
});
const edgeHub = object({ ...shared, status: needed(words.status), restartPolicy: words.restartPolicy });
/** EdgeAgentDockerModule.cs: status and restart policy are read, and its own are used. */
const edgeAgent = object({ ...shared, status: words.anyStatus, restartPolicy: words.anyRestartPolicy });

/** TypeSpecificSerDe.cs looks at the type first. Only `null` passes by it. */
function typed(shape: ObjectShape, then?: (reading: Reading, map: MapValue, key: string) => void): Shape {
  return {
    kind: 'own',
    read: (reading, value, key) => {
      if (reading.isOpen(value)) return 'value';
      if (value.kind === 'null') return 'null';
      if (value.kind !== 'map')
        return reading.refuse({ kind: 'type', key, expected: 'an object', found: foundText(value) }, value);
      const type = readType(reading, value, key);
      const held = reading.fields(value, shape, key);
      then?.(reading, value, key);
      return type === 'refused' ? type : held;
    },
  };
}

/** The type must be `docker` to the converter in any letters, and to the constructor in small ones. */
export function readType(reading: Reading, map: MapValue, key: string): Held {
  const type = lookUp(map.members, 'type');
  const path = key === '' ? 'type' : `${key}.type`;
  if (type === undefined) return reading.refuse({ kind: 'missing', key: path, isNull: false }, map);
  const last = map.members.findLast((one) => one.key.toLowerCase() === 'type') ?? type;
  if (reading.isOpen(type.value) || reading.isOpen(last.value)) return 'value';
  if (last.value.kind === 'text' && last.value.text === 'docker' && isDocker(type.value)) return 'value';
  if (last.value.kind === 'map' || last.value.kind === 'list') return 'refused';
  return reading.refuse({ kind: 'docker', key: path, found: foundText(last.value) }, last.value);
}

function isDocker(value: Value): boolean {
  return textOf(value).toLowerCase() === 'docker';
}

/** A module of `modules`; it may not be null. */
export const anyModule: Shape = notNull(typed(module));
export const edgeHubModule: Shape = typed(edgeHub);
export const edgeAgentModule: Shape = typed(edgeAgent, tellFixed);

function notNull(shape: Shape): Shape {
  return {
    kind: 'own',
    read: (reading, value, key) => {
      if (value.kind !== 'null') return reading.read(value, shape, key);
      return reading.refuse({ kind: 'type', key, expected: 'an object', found: 'null' }, value);
    },
  };
}

/** What edgeAgent holds of itself, whatever is written. */
const fixed = {
  status: { number: 2, held: 'running', words: statuses },
  restartPolicy: { number: 3, held: 'always', words: restartPolicies },
} as const;

function tellFixed(reading: Reading, map: MapValue, key: string): void {
  for (const one of map.members) {
    const name = one.key.toLowerCase();
    const details = (held: string) => ({ key: `${key}.${one.key}`, written: foundText(one.value), held });
    const tell = (held: string) =>
      reading.problems.push(problem('deployment/edge-agent-fixed', details(held), one.value));
    if (reading.isOpen(one.value)) continue;
    if (name === 'status' || name === 'restartpolicy') {
      const { number, held, words: known } = fixed[name === 'status' ? 'status' : 'restartPolicy'];
      const read =
        one.value.kind === 'text'
          ? wordOfText(one.value.text, known)
          : wordOfNumber(one.value.kind === 'number' ? one.value.written : '');
      if (read.kind === 'held' && read.number !== number) tell(held);
    }
    if (name === 'startuporder' && textOf(one.value).trim() !== '0') tell('0');
  }
}
