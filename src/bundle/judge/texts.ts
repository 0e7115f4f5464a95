import type { Finding } from '../../model/finding.ts';
import type { Device, Json } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { placeholdersOf } from '../config/placeholders.ts';

/** Every text of the configuration that is the manifest's own, by its key. */
export function* textsOf(device: Device): Generator<readonly [key: string, text: string]> {
  for (const [key, value] of valuesOf(device)) if (typeof value === 'string') yield [key, value];
}

/**
 * A finding for each value, or name of one, that would arrive as another than it is: half a surrogate pair, which neither
 * form of the configuration can hold; a NUL, which no variable or argument of a process can; another control character where
 * one line is meant; a number beyond what is exact; a placeholder, which would be filled in. `keys` are those of such values.
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
    const wrong = typeProblem(key, value);
    const both = typeof value === 'string' ? `${key}\n${value}` : key;
    const placeholder = placeholders.find((text) => both.includes(text));
    if (wrong !== undefined) findings.push(finding('manifest/type', { key, ...wrong }, subject));
    else if (placeholder !== undefined) findings.push(finding('config/placeholder', { key, placeholder }, subject));
    else continue;
    keys.add(key);
  }
  return { findings, keys };
}

function typeProblem(key: string, value: Json): { readonly expected: string; readonly found: string } | undefined {
  if (/\p{Surrogate}/u.test(typeof value === 'string' ? `${key}\n${value}` : key))
    return { expected: 'text', found: 'half a character (one of the two parts of a surrogate pair)' };
  const control = controlIn(key, value);
  if (control !== undefined) return { expected: 'text without control characters', found: control };
  if (typeof value === 'number' && !isExact(value))
    return { expected: 'a number that is held exactly, at most 9007199254740991', found: String(value) };
  return undefined;
}

/** Texts of one line that are not judged for themselves, as places on the device and host names are. */
const lines: ReadonlySet<string> = new Set([
  'config.agent.image',
  'config.agent.registry.server',
  'config.agent.registry.username',
  'config.proxy.noProxy',
  'config.network.name',
  'config.pkcs11.library',
  'config.pkcs11.baseSlot',
]);

/** The first character that may not be: `U+0000`. Values of variables and what Docker takes may have line breaks. */
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

/** Two whole numbers beyond this are one: what arrives may not be what was written. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function* valuesOf({ config, identity, runtime }: Device): Generator<readonly [key: string, value: Json]> {
  const { agent, proxy, edgeCa, pkcs11, network } = config;
  const single = {
    'config.hostname': config.hostname,
    'config.parentHostname': config.parentHostname,
    'config.agent.image': agent.image,
    'config.agent.registry.server': agent.registry?.server,
    'config.agent.registry.username': agent.registry?.username,
    'config.proxy.https': proxy?.https,
    'config.proxy.noProxy': proxy?.noProxy,
    'config.trustBundle': config.trustBundle,
    'config.edgeCa.certificate': edgeCa?.certificate,
    'config.edgeCa.privateKey': edgeCa?.privateKey,
    'config.network.name': network?.name,
    'config.pkcs11.library': pkcs11?.library,
    'config.pkcs11.baseSlot': pkcs11?.baseSlot,
    'identity.certificate': identity.certificate,
    'identity.privateKey': identity.privateKey,
    'runtime.securityDaemonScript': runtime.securityDaemonScript,
  };
  for (const [key, text] of Object.entries(single)) if (text !== undefined) yield [key, text];
  for (const [name, text] of Object.entries(agent.env)) yield [`config.agent.env.${name}`, text];
  if (agent.createOptions !== undefined) yield* below('config.agent.createOptions', agent.createOptions);
  for (const [index, range] of (network?.ipam ?? []).entries()) yield* below(`config.network.ipam.${index}`, range);
}

function* below(key: string, value: object): Generator<readonly [key: string, value: Json]> {
  for (const [name, inner] of Object.entries(value)) {
    const path = `${key}.${name}`;
    if (typeof inner === 'object' && inner !== null) {
      // For its name.
      yield [path, null];
      yield* below(path, inner);
    } else yield [path, inner];
  }
}
