import type { Finding, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { placeholdersOf } from '../config/placeholders.ts';
import type { Base } from './base.ts';
import { aLineOf } from './secrets.ts';
import { settingAt } from './settings.ts';

/**
 * Returns a finding for each line of the file that holds the placeholder of a device's secret. On the device, the
 * installer would fill in the secret there too, escaped for double quotes as in our own lines. Three parts are skipped:
 * comments, which are not filled in; the old provisioning section, which becomes a comment; and the registry, which the
 * manifest replaces.
 */
export function judgeBasePlaceholders(
  base: Base,
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
  const auth = settingAt(base.settings, ['agent', 'config', 'auth']);
  const replaced = [base.section, ...(auth === undefined ? [] : [{ start: auth.key, end: auth.valueEnd }])];
  const findings: Finding[] = [];
  let offset = 0;
  for (const line of base.text.split('\n')) {
    for (const [placeholder, group] of users) {
      const at = offset + line.indexOf(placeholder);
      if (at < offset || line.trimStart().startsWith('#')) continue;
      if (replaced.some(({ start, end }) => at >= start && at < end)) continue;
      const details = { key: aLineOf(base.path), placeholder };
      findings.push(finding('config/placeholder', details, { ...subjectOf(group), place: base.place(at) }));
    }
    offset += line.length + 1;
  }
  return findings;
}
