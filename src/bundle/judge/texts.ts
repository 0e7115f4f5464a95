import type { Finding } from '../../model/finding.ts';
import type { Device, Json } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import type { WrongSetting } from '../../rules/setting-value.ts';
import { placeholdersOf } from '../config/placeholders.ts';
import { type ForEachKey, settingReader } from './setting.ts';

/** Every text that the manifest gives for the configuration, with its key. */
export function* textsOf(device: Device): Generator<readonly [key: string, text: string]> {
  for (const [key, value] of valuesOf(device)) if (typeof value === 'string') yield [key, value];
}

/**
 * Returns a finding for each value, or name of a value, that would arrive changed on the device:
 * - half a surrogate pair, which neither form of the configuration can hold;
 * - a NUL, which no variable and no argument of a process can hold;
 * - another control character in a text of one line;
 * - a number that JavaScript does not hold exactly;
 * - a placeholder, which would be filled in.
 *
 * `keys` are the keys of these values.
 */
export function judgeTexts(device: Device): {
  readonly findings: readonly Finding[];
  readonly keys: ReadonlySet<string>;
} {
  const placeholders = placeholdersOf(device);
  const findings: Finding[] = [];
  const keys = new Set<string>();
  for (const [key, value] of valuesOf(device)) {
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    const wrong = problemOf(key, value);
    const both = typeof value === 'string' ? `${key}\n${value}` : key;
    const placeholder = placeholders.find((text) => both.includes(text));
    if (wrong !== undefined) findings.push(finding('manifest/type', wrong, subject));
    else if (placeholder !== undefined) findings.push(finding('config/placeholder', { key, placeholder }, subject));
    else continue;
    keys.add(key);
  }
  return { findings, keys };
}

function problemOf(key: string, value: Json): WrongSetting | undefined {
  const character = controlIn(key, value);
  if (/\p{Surrogate}/u.test(typeof value === 'string' ? `${key}\n${value}` : key))
    return { problem: 'half-character', key };
  if (character !== undefined) return { problem: 'control-character', key, character };
  if (typeof value === 'number' && !isExact(value)) return { problem: 'inexact-number', key, number: value };
  return undefined;
}

/**
 * How the texts of each key are judged. A new key needs a row here:
 * - `text`: for secrets and placeholders. Another check looks at control characters.
 * - `line`: for secrets, placeholders and control characters.
 * - `map`: the names and the values in a map or a list.
 * - `not`: the schema allows no free text, or the value is a path in the repository.
 */
const texts: ForEachKey<'text' | 'line' | 'map' | 'not'> = {
  'config.base': 'not',
  'config.hostname': 'line',
  'config.parentHostname': 'line',
  'config.agent': 'not',
  'config.agent.image': 'line',
  'config.agent.env': 'map',
  'config.agent.createOptions': 'map',
  'config.agent.registry': 'not',
  'config.agent.registry.server': 'line',
  'config.agent.registry.username': 'line',
  'config.agent.registry.passwordFrom': 'not',
  'config.proxy': 'not',
  'config.proxy.https': 'text',
  'config.proxy.noProxy': 'line',
  'config.trustBundle': 'text',
  'config.edgeCa': 'not',
  'config.edgeCa.certificate': 'text',
  'config.edgeCa.privateKey': 'text',
  'config.edgeCa.lifetimeDays': 'not',
  'config.dynamicReprovisioning': 'not',
  'config.autoReprovisioningMode': 'not',
  'config.network': 'not',
  'config.network.name': 'line',
  'config.network.ipv6': 'not',
  // A list of maps, judged as a whole.
  'config.network.ipam': 'map',
  'config.network.ipam.gateway': 'not',
  'config.network.ipam.subnet': 'not',
  'config.network.ipam.ipRange': 'not',
  'config.watchdog': 'not',
  'config.watchdog.maxRetries': 'not',
  'config.imageGarbageCollection': 'not',
  'config.imageGarbageCollection.enabled': 'not',
  'config.imageGarbageCollection.cleanupRecurrence': 'line',
  'config.imageGarbageCollection.imageAgeCleanupThreshold': 'line',
  'config.imageGarbageCollection.cleanupTime': 'line',
  'config.pkcs11': 'not',
  'config.pkcs11.library': 'line',
  'config.pkcs11.baseSlot': 'line',
  'identity.slot': 'not',
  'identity.certificate': 'text',
  'identity.privateKey': 'text',
  'identity.pinFrom': 'not',
  'runtime.version': 'not',
  'runtime.platform': 'not',
  'runtime.containerOs': 'not',
  'runtime.securityDaemonScript': 'text',
};

const lines: ReadonlySet<string> = new Set(
  Object.entries(texts).flatMap(([key, how]) => (how === 'line' ? [key] : [])),
);

const judged = Object.entries(texts)
  .filter(([, how]) => how !== 'not')
  .map(([key, how]) => ({ key, read: settingReader(key), isMap: how === 'map' }));

/**
 * The first character that is not allowed, as `U+0000`. Values of variables and of Docker's options may have line
 * breaks.
 */
function controlIn(key: string, value: Json): string | undefined {
  const isVariable = key.startsWith('config.agent.env.');
  if (!isVariable && !key.startsWith('config.agent.createOptions.') && !lines.has(key)) return undefined;
  const inName = (isVariable ? control : nul).exec(key)?.[0];
  const inValue = typeof value === 'string' ? (lines.has(key) ? control : nul).exec(value)?.[0] : undefined;
  const found = inName ?? inValue;
  return found && `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

const control = /\p{Cc}/u;
const nul = /\0/;

/** Beyond this range two whole numbers can have one value, and another number than the written one would arrive. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function* valuesOf(device: Device): Generator<readonly [key: string, value: Json]> {
  for (const { key, read, isMap } of judged) {
    const value = read(device);
    if (isMap && typeof value === 'object' && value !== null) yield* below(key, value);
    else if (typeof value === 'string') yield [key, value];
  }
}

function* below(key: string, value: object): Generator<readonly [key: string, value: Json]> {
  for (const [name, inner] of Object.entries(value)) {
    const path = `${key}.${name}`;
    if (typeof inner === 'object' && inner !== null) {
      // The name is judged too.
      yield [path, null];
      yield* below(path, inner);
    } else yield [path, inner];
  }
}
