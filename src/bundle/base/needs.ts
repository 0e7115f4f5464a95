import type { Finding, Subject } from '../../model/finding.ts';
import type { Platform } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { platforms } from '../config/yaml.ts';
import { problemOf } from '../judge/hostname.ts';
import type { Base } from './base.ts';
import { settingAt } from './settings.ts';

/**
 * A finding for each setting that a config.yaml lacks, whatever the device: instead of what is left out the runtime takes
 * compiled-in values, not those of the package (sockets under /var/run/iotedge).
 */
export function judgeParts(base: Base, platform: Platform, subject: Subject): readonly Finding[] {
  return needs(platform).flatMap(([path, value]) => {
    const setting = settingAt(base.settings, path.split('.'));
    if (typeof setting?.scalar === 'string' && setting.scalar.trim() !== '') return [];
    const problem = setting === undefined ? 'is missing' : 'is no text in quotes';
    const what = `${path} ${problem}; the runtime would take a value of its own`;
    const remedy = `Write ${path}: ${JSON.stringify(value)}, as the package for ${platform} has it, or your own.`;
    return [complaint(base, path, { what, remedy }, subject)];
  });
}

/** Whether the file itself has a host name to start with: for devices that have none in the manifest. */
export function judgeBaseHostname(base: Base, subject: Subject): readonly Finding[] {
  const what = problemOfHostname(base);
  if (what === undefined) return [];
  const remedy =
    'Set config.hostname in the manifest (in defaults, {id} stands for the device), or write the name of the machine here.';
  return [complaint(base, 'hostname', { what, remedy }, subject)];
}

/** A finding at a setting, or as near to it as there is one. */
export function complaint(
  base: Base,
  path: string,
  details: { readonly what: string; readonly remedy: string },
  subject: Subject,
): Finding {
  return finding(
    'config/base',
    { path: base.path, ...details },
    { ...subject, place: base.place(nearest(base, path)) },
  );
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

function problemOfHostname({ settings }: Base): string | undefined {
  const setting = settings.entries.get('hostname');
  if (setting === undefined) return 'hostname is missing; the runtime would take "localhost"';
  const { scalar } = setting;
  if (typeof scalar !== 'string') return 'hostname is no text in quotes';
  if (/^\s*<.*>\s*$/.test(scalar)) return `hostname is still the placeholder of the template, "${scalar}"`;
  const problem = problemOf(scalar);
  return problem === undefined ? undefined : `hostname, "${scalar}", ${problem}`;
}

/** The setting itself, or the section it would stand in, or the beginning of the file. */
function nearest({ settings }: Base, path: string): number {
  const names = path.split('.');
  const found = settingAt(settings, names) ?? settingAt(settings, names.slice(0, 1));
  return found?.key ?? 0;
}
