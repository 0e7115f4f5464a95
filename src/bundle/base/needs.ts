import type { Finding, Subject } from '../../model/finding.ts';
import type { Platform } from '../../model/fleet.ts';
import type { BaseProblem } from '../../rules/base.ts';
import { finding } from '../../rules/rules.ts';
import { platforms } from '../config/yaml.ts';
import type { Base } from './base.ts';
import { settingAt } from './settings.ts';

/**
 * Returns a finding for each setting that every config.yaml needs and this one lacks. For a missing setting the runtime
 * takes a compiled-in value, which is not the one of the package (sockets under /var/run/iotedge).
 */
export function judgeParts(base: Base, platform: Platform, subject: Subject): readonly Finding[] {
  return needs(platform).flatMap(([path, usual]) => {
    const setting = settingAt(base.settings, path.split('.'));
    if (typeof setting?.scalar === 'string' && setting.scalar.trim() !== '') return [];
    const found = setting === undefined ? 'nothing' : 'no-text';
    return [complaint(base, path, { kind: 'lacks', setting: path, found, usual, platform }, subject)];
  });
}

/** A finding at the line of a setting. If the setting is missing, at its section or at the beginning of the file. */
export function complaint(base: Base, path: string, problem: BaseProblem, subject: Subject): Finding {
  return finding('config/base', { path: base.path, problem }, { ...subject, place: base.place(nearest(base, path)) });
}

function needs(platform: Platform): readonly (readonly [path: string, value: string])[] {
  const { connect, listen, homedir, engine } = platforms[platform];
  return [
    ['connect.management_uri', connect.management_uri],
    ['connect.workload_uri', connect.workload_uri],
    ['listen.management_uri', listen.management_uri],
    ['listen.workload_uri', listen.workload_uri],
    ['homedir', homedir],
    ['moby_runtime.uri', engine],
  ];
}

/** The offset of the setting, else of its section, else of the beginning of the file. */
function nearest({ settings }: Base, path: string): number {
  const names = path.split('.');
  const found = settingAt(settings, names) ?? settingAt(settings, names.slice(0, 1));
  return found?.key ?? 0;
}
