import type { Finding, Place, Subject } from '../../model/finding.ts';
import type { SecretKind } from '../../rules/config.ts';
import { finding } from '../../rules/rules.ts';
import { secretOf } from '../judge/secrets.ts';

interface Material {
  readonly path: string;
  readonly text: string;
  /** Its texts. None if the file cannot be edited. */
  readonly texts: Iterable<readonly [key: string, offset: number, value: string]>;
  readonly place: (offset: number) => Place;
}

/** How findings name a place in the file that is no setting. */
export function aLineOf(path: string): string {
  return `a line of ${path}`;
}

/**
 * Returns a finding for each line of a config.yaml or config.toml that holds a secret. Comments count: the file is in the repository,
 * and an old section is published with the bundle although it becomes a comment. Placeholders (`<key>`) do not count.
 */
export function judgeBaseSecrets({ path, text, texts, place }: Material, subject: Subject): readonly Finding[] {
  const byLine = new Map<number, Finding>();
  const add = (offset: number, key: string, what: SecretKind | undefined) => {
    if (what === undefined) return;
    const at = place(offset);
    if (!byLine.has(at.line)) {
      byLine.set(at.line, finding('config/secret-in-manifest', { key, what }, { ...subject, place: at }));
    }
  };
  for (const [key, offset, value] of texts) {
    add(offset, key, secretOfSetting(key, withoutPlaceholders(value)));
  }
  let offset = 0;
  for (const line of text.split('\n')) {
    add(offset, aLineOf(path), secretOf('', withoutPlaceholders(line)));
    offset += line.length + 1;
  }
  return [...byLine.values()];
}

/** Settings whose whole value is a secret. */
const secretSettings: ReadonlyMap<string, SecretKind> = new Map<string, SecretKind>([
  ['agent.config.auth.password', 'password'],
  ['provisioning.attestation.symmetric_key', 'symmetric-key'],
  // From here on: config.toml.
  ['provisioning.attestation.symmetric_key.value', 'symmetric-key'],
  ['provisioning.authentication.device_id_pk.value', 'symmetric-key'],
  ['cert_issuance.est.auth.password', 'password'],
  ['edge_ca.password', 'password'],
  ['tpm.hierarchy_authorization.endorsement', 'password'],
  ['tpm.hierarchy_authorization.owner', 'password'],
]);

function secretOfSetting(key: string, value: string): SecretKind | undefined {
  if (value.trim() === '') return undefined;
  // `secretOf` takes the names that the manifest has for the same settings.
  const known = key === 'agent.config.image' ? 'config.agent.image' : `config.${key}`;
  return secretSettings.get(key) ?? secretOf(known, value);
}

/** The template of config.toml has an example of a PIN in its comments. */
function withoutPlaceholders(text: string): string {
  const examples = /^\s*#/.test(text) ? text.replaceAll(/pin-value=1234\b/g, '') : text;
  return examples.replace(/(^|=)\s*<[^<>]*>/g, '');
}
