import type { Finding, Place, Subject } from '../../model/finding.ts';
import type { SecretKind } from '../../rules/config.ts';
import { finding } from '../../rules/rules.ts';
import { secretOf } from '../judge/secrets.ts';
import type { Setting, Settings } from './settings.ts';

interface Material {
  readonly path: string;
  readonly text: string;
  /** Undefined if the file cannot be edited. */
  readonly settings: Settings | undefined;
  readonly place: (offset: number) => Place;
}

/** How findings name a place in the file that is no setting. */
export function aLineOf(path: string): string {
  return `a line of ${path}`;
}

/**
 * Returns a finding for each line of a config.yaml that holds a secret. Comments count: the file is in the repository,
 * and an old section is published with the bundle although it becomes a comment. Placeholders (`<key>`) do not count.
 */
export function judgeBaseSecrets({ path, text, settings, place }: Material, subject: Subject): readonly Finding[] {
  const byLine = new Map<number, Finding>();
  const add = (offset: number, key: string, what: SecretKind | undefined) => {
    if (what === undefined) return;
    const at = place(offset);
    if (!byLine.has(at.line)) {
      byLine.set(at.line, finding('config/secret-in-manifest', { key, what }, { ...subject, place: at }));
    }
  };
  for (const [key, { key: offset }, value] of settings === undefined ? [] : textsOf(settings, '')) {
    add(offset, key, secretOfSetting(key, withoutPlaceholders(value)));
  }
  let offset = 0;
  for (const line of text.split('\n')) {
    add(offset, aLineOf(path), secretOf('', withoutPlaceholders(line)));
    offset += line.length + 1;
  }
  return [...byLine.values()];
}

function* textsOf(settings: Settings, prefix: string): Generator<readonly [key: string, Setting, value: string]> {
  for (const [name, setting] of settings.entries) {
    if (typeof setting.scalar === 'string') yield [prefix + name, setting, setting.scalar];
    if (setting.map !== undefined) yield* textsOf(setting.map, `${prefix}${name}.`);
  }
}

/** Settings whose whole value is a secret. */
const secretSettings: ReadonlyMap<string, SecretKind> = new Map<string, SecretKind>([
  ['agent.config.auth.password', 'password'],
  ['provisioning.attestation.symmetric_key', 'symmetric-key'],
]);

function secretOfSetting(key: string, value: string): SecretKind | undefined {
  if (value.trim() === '') return undefined;
  // `secretOf` takes the names that the manifest has for the same settings.
  const known = key === 'agent.config.image' ? 'config.agent.image' : `config.${key}`;
  return secretSettings.get(key) ?? secretOf(known, value);
}

function withoutPlaceholders(text: string): string {
  return text.replace(/(^|=)\s*<[^<>]*>/g, '');
}
