import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { isReserved } from '../name.ts';

const key = 'runtime.securityDaemonScript';

/**
 * Checks that the place of the copy of Microsoft's script does not depend on the folder from which the bundle is
 * installed. Keys in `skip` are not looked at.
 */
export function judgeDaemonScript(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const value = device.runtime.securityDaemonScript;
  if (value === undefined || device.runtime.platform !== 'windows' || skip.has(key)) return [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no path has control characters
  const isPath = /^[A-Za-z]:[\\/][^\u0000-\u001f\u007f<>:"|?*]*\.ps1$/i.test(value);
  if (isPath && !value.split(/[\\/]/).some(isReserved)) return [];
  const details = {
    key,
    value,
    problem: { kind: 'no-script' } as const,
    expected: 'C:\\edge\\IotEdgeSecurityDaemon.ps1',
  };
  return [finding('config/uri', details, { place: device.place(key), device: device.id, hub: device.hub })];
}
