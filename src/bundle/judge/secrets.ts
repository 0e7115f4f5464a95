import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { textsOf } from './texts.ts';

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
  for (const [key, text] of textsOf(device)) {
    const what = secretOf(key, text);
    if (what === undefined) continue;
    keys.add(key);
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    findings.push(finding('config/secret-in-manifest', { key, what }, subject));
  }
  return { findings, keys };
}

/** The kind of the secret that the value of a key of the manifest holds, if any. */
export function secretOf(key: string, text: string): string | undefined {
  return (
    secretIn(text) ?? (key === imageKey ? credentialsOf(text) : undefined) ?? secretNamed(...variableIn(key, text))
  );
}

const imageKey = 'config.agent.image';

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

/** The name and the value of an environment variable; no name where it is none. Docker takes them as a list of `NAME=value`. */
function variableIn(key: string, text: string): readonly [name: string, value: string] {
  if (key.startsWith(envKey)) return [key.slice(envKey.length), text];
  const [, name = '', value = ''] = (key.startsWith(dockerEnv) ? /^([^=]*)=(.*)$/s.exec(text) : null) ?? [];
  return [name, value];
}

const dockerEnv = 'config.agent.createOptions.Env.';

/** By the name of an environment variable: `DB_PASSWORD`, `ApiKey`. Numbers and switches are settings: `TOKEN_LIFETIME`. */
function secretNamed(name: string, text: string): string | undefined {
  if (/^\s*([+-]?\d+(\.\d+)?|true|false)?\s*$/i.test(text)) return undefined;
  const words = name
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
  return secretName.test(words) ? 'a value whose name says that it is a secret' : undefined;
}

/** `user:password@registry/image`; in `image:tag@sha256:…` what follows is a digest. */
function credentialsOf(image: string): string | undefined {
  return /^[^/@\s]+:[^/@\s]+@(?![a-z0-9]+:[0-9a-f]{32,}$)/i.test(image) ? 'a password' : undefined;
}
