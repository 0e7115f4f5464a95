import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { SecretKind } from '../../rules/config.ts';
import { finding } from '../../rules/rules.ts';
import { textsOf } from './texts.ts';

/**
 * Returns a finding for each value of the device's configuration that holds a secret. The message names the kind of the
 * secret, never the value. `keys` are the keys of these values: other checks must not quote them either.
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

/** The kind of secret in the value of a key of the manifest. */
export function secretOf(key: string, text: string): SecretKind | undefined {
  return (
    secretIn(text) ?? (key === imageKey ? credentialsOf(text) : undefined) ?? secretNamed(...variableIn(key, text))
  );
}

const imageKey = 'config.agent.image';

const patterns: readonly (readonly [pattern: RegExp, what: SecretKind])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, 'private-key'],
  [/SharedAccessKey\s*=\s*\S/i, 'shared-access-key'],
  [/AccountKey\s*=\s*\S/i, 'storage-account-key'],
  [/SharedAccessSignature/i, 'shared-access-signature'],
  [/\bsig=\S/i, 'shared-access-signature'],
  [/\bpin-value=\S/i, 'module-pin'],
  [/:\/\/[^/\s:@]*:[^/\s@]+@/, 'password-in-address'],
];

function secretIn(text: string): SecretKind | undefined {
  return patterns.find(([pattern]) => pattern.test(text))?.[1];
}

const envKey = 'config.agent.env.';
/** Matches a name in words with _ between them. PASSWORD_FILE and SECRET_NAME say where a secret is, not what it is. */
const secretName =
  /(^|_)(password|passwd|secret|token|api_?key|connection_?string|sas_?key|private_?key|access_?key)s?\d*(_(?!(file|path|name)$)|$)/;

/**
 * The name and the value of an environment variable. The name is empty where the key is not that of a variable. Docker
 * takes variables as a list of `NAME=value`.
 */
function variableIn(key: string, text: string): readonly [name: string, value: string] {
  if (key.startsWith(envKey)) return [key.slice(envKey.length), text];
  const [, name = '', value = ''] = (key.startsWith(dockerEnv) ? /^([^=]*)=(.*)$/s.exec(text) : null) ?? [];
  return [name, value];
}

const dockerEnv = 'config.agent.createOptions.Env.';

/**
 * Judges by the name of an environment variable: `DB_PASSWORD`, `ApiKey`. A number or a switch is a setting:
 * `TOKEN_LIFETIME`.
 */
function secretNamed(name: string, text: string): SecretKind | undefined {
  if (/^\s*([+-]?\d+(\.\d+)?|true|false)?\s*$/i.test(text)) return undefined;
  const words = name
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
  return secretName.test(words) ? 'by-name' : undefined;
}

/** Finds `user:password@registry/image`. In `image:tag@sha256:…` a digest follows the `@`. */
function credentialsOf(image: string): SecretKind | undefined {
  return /^[^/@\s]+:[^/@\s]+@(?![a-z0-9]+:[0-9a-f]{32,}$)/i.test(image) ? 'password' : undefined;
}
