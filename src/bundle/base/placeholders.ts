import type { Finding, Place, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { placeholdersOf } from '../config/placeholders.ts';
import type { Base } from './base.ts';
import { aLineOf } from './secrets.ts';
import { settingAt } from './settings.ts';

interface Material {
  readonly path: string;
  readonly text: string;
  readonly place: (offset: number) => Place;
  /** The ranges that the manifest replaces. */
  readonly replaced: readonly { readonly start: number; readonly end: number }[];
}

/** What the manifest replaces in a config.yaml. */
export function replacedIn({ section, settings }: Base): Material['replaced'] {
  const auth = settingAt(settings, ['agent', 'config', 'auth']);
  return [section, ...(auth === undefined ? [] : [{ start: auth.key, end: auth.valueEnd }])];
}

/**
 * Returns a finding for each line of the file that holds the placeholder of a device's secret. On the device, the
 * installer would fill in the secret there too, escaped for double quotes as in our own lines. Three parts are skipped:
 * comments, which are not filled in; the old provisioning section, which becomes a comment; and the registry, which the
 * manifest replaces.
 */
export function judgeBasePlaceholders(
  { path, text, place, replaced }: Material,
  devices: readonly Device[],
  subjectOf: (devices: readonly Device[]) => Subject,
): readonly Finding[] {
  const users = new Map<string, Device[]>();
  for (const device of devices)
    for (const placeholder of placeholdersOf(device)) {
      const others = users.get(placeholder);
      if (others === undefined) users.set(placeholder, [device]);
      else others.push(device);
    }
  if (users.size === 0) return [];
  const findings: Finding[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    for (const [placeholder, group] of users) {
      const at = offset + line.indexOf(placeholder);
      if (at < offset || line.trimStart().startsWith('#')) continue;
      if (replaced.some(({ start, end }) => at >= start && at < end)) continue;
      const details = { key: aLineOf(path), placeholder };
      findings.push(finding('config/placeholder', details, { ...subjectOf(group), place: place(at) }));
    }
    offset += line.length + 1;
  }
  return findings;
}
