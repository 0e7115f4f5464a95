import type { Finding, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { configYamlMisfits } from '../judge/config-yaml.ts';
import { isPlainMap, type Misfit } from '../judge/shape.ts';
import type { Base } from './base.ts';
import { type Setting, type Settings, settingAt } from './settings.ts';

/** Returns a finding for each value of the file that a runtime of its devices does not take. */
export function judgeBaseValues(
  base: Base,
  devices: readonly Device[],
  subjectOf: (devices: readonly Device[]) => Subject,
): readonly Finding[] {
  const told = new Map<string, { readonly misfit: Misfit; readonly users: readonly Device[] }>();
  for (const users of byVersion(devices)) {
    for (const misfit of misfitsOf(base, users)) {
      const setting = misfit.path.join('.');
      told.set(setting, { misfit, users: [...(told.get(setting)?.users ?? []), ...users] });
    }
  }
  return [...told].map(([setting, { misfit, users }]) => {
    const { expected, found } = misfit;
    const version = [...new Set(users.map(({ runtime }) => runtime.version.text))].join(', ');
    const problem = { kind: 'value', setting, expected, found, version } as const;
    const place = base.place(nearest(base.settings, misfit.path)?.key ?? 0);
    return finding('config/base', { path: base.path, problem }, { ...subjectOf(users), place });
  });
}

function byVersion(devices: readonly Device[]): readonly (readonly Device[])[] {
  const groups = new Map<string, Device[]>();
  for (const device of devices) {
    const { text } = device.runtime.version;
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [device]);
    else group.push(device);
  }
  return [...groups.values()];
}

/** The sections of the file with a provisioning that fits: the device's own takes its place. */
function misfitsOf({ values }: Base, [device]: readonly Device[]): readonly Misfit[] {
  if (device === undefined) return [];
  const config = { ...values, provisioning: { source: 'manual' } };
  return configYamlMisfits(config, device.runtime.version).filter((misfit) => !isJudgedElsewhere(misfit, values));
}

/** Every file needs these two as texts, and other checks say so. */
function isJudgedElsewhere({ path }: Misfit, { moby_runtime: engine }: Base['values']): boolean {
  const setting = path.join('.');
  return (
    setting === 'hostname' || (setting === 'moby_runtime.uri' && isPlainMap(engine) && typeof engine.uri !== 'string')
  );
}

/** The setting at a path, or the one that it is a part of. */
function nearest(settings: Settings, path: readonly string[]): Setting | undefined {
  if (path.length === 0) return undefined;
  return settingAt(settings, path) ?? nearest(settings, path.slice(0, -1));
}
