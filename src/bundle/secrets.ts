import type { Finding } from '../model/finding.ts';
import type { Device } from '../model/fleet.ts';
import { finding } from '../rules/rules.ts';

/**
 * A finding for each value of the device's configuration that holds a secret. Messages name its kind, never the value;
 * `keys` are those of such values, so that other checks do not quote them either.
 */
export function judgeSecrets(device: Device): {
  readonly findings: readonly Finding[];
  readonly keys: ReadonlySet<string>;
} {
  const findings: Finding[] = [];
  const keys = new Set<string>();
  for (const [key, text] of texts(device)) {
    const what = secretIn(text) ?? (key === imageKey ? credentialsOf(text) : undefined) ?? secretNamed(key, text);
    if (what === undefined) continue;
    keys.add(key);
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    findings.push(finding('config/secret-in-manifest', { key, what }, subject));
  }
  return { findings, keys };
}

const imageKey = 'config.agent.image';

function* texts({ config, identity }: Device): Generator<readonly [key: string, text: string]> {
  if (config.hostname !== undefined) yield ['config.hostname', config.hostname];
  if (config.agent.image !== undefined) yield [imageKey, config.agent.image];
  for (const [name, text] of Object.entries(config.agent.env)) yield [`config.agent.env.${name}`, text];
  if (identity.certificate !== undefined) yield ['identity.certificate', identity.certificate];
  if (identity.privateKey !== undefined) yield ['identity.privateKey', identity.privateKey];
}

const patterns: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, 'a private key'],
  [/SharedAccessKey\s*=\s*\S/i, 'a shared access key'],
  [/AccountKey\s*=\s*\S/i, 'a storage account key'],
  [/SharedAccessSignature/i, 'a shared access signature'],
  [/\bsig=\S/i, 'a shared access signature'],
  [/\bpin-value=\S/i, 'the PIN of a security module'],
  [/:\/\/[^/\s:@]*:[^/\s@]+@/, 'a password in an address'],
];

function secretIn(text: string): string | undefined {
  return patterns.find(([pattern]) => pattern.test(text))?.[1];
}

const envKey = 'config.agent.env.';
/** In words with _ between; PASSWORD_FILE and SECRET_NAME say where a secret is, not what. */
const secretName =
  /(^|_)(password|passwd|secret|token|api_?key|connection_?string|sas_?key|private_?key|access_?key)s?\d*(_(?!(file|path|name)$)|$)/;

/** By the name of an environment variable: `DB_PASSWORD`, `ApiKey`. Numbers and switches are settings: `TOKEN_LIFETIME`. */
function secretNamed(key: string, text: string): string | undefined {
  if (!key.startsWith(envKey) || /^\s*([+-]?\d+(\.\d+)?|true|false)?\s*$/i.test(text)) return undefined;
  const words = key
    .slice(envKey.length)
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
  return secretName.test(words) ? 'a value whose name says that it is a secret' : undefined;
}

/** `user:password@registry/image`; in `image:tag@sha256:…` what follows is a digest. */
function credentialsOf(image: string): string | undefined {
  return /^[^/@\s]+:[^/@\s]+@(?![a-z0-9]+:[0-9a-f]{32,}$)/i.test(image) ? 'a password' : undefined;
}
