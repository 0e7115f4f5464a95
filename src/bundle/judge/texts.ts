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
 * form of the configuration can hold; a number beyond what is exact; a placeholder, which would be filled in.
 */
export function judgeTexts(device: Device): readonly Finding[] {
  const placeholders = placeholdersOf(device);
  return [...valuesOf(device)].flatMap(([key, value]) => {
    const subject = () => ({ place: device.place(key), device: device.id, hub: device.hub });
    const both = typeof value === 'string' ? `${key}\n${value}` : key;
    if (/\p{Surrogate}/u.test(both)) {
      const details = { key, expected: 'text', found: 'half a character (one of the two parts of a surrogate pair)' };
      return [finding('manifest/type', details, subject())];
    }
    if (typeof value === 'number' && !isExact(value)) {
      const expected = 'a number that is held exactly, at most 9007199254740991';
      return [finding('manifest/type', { key, expected, found: String(value) }, subject())];
    }
    const placeholder = placeholders.find((text) => both.includes(text));
    return placeholder === undefined ? [] : [finding('config/placeholder', { key, placeholder }, subject())];
  });
}

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
