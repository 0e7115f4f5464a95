import type { Finding, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { HostnameProblem, LabelProblem, UnusableHostname } from '../../rules/hostname.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

/** Whose name it is: of a device up to 1.1 or from 1.2 on, or of the parent that a device from 1.2 on connects to. */
export type NameOf = 'iotedge' | 'aziot' | 'parent';

/** Judges the host names that the manifest gives to the device and to its parent. Keys in `skip` are not looked at. */
export function judgeHostname(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const { hostname, parentHostname } = device.config;
  const generation = generationOf(device.runtime.version);
  const own = { key: 'config.hostname', name: hostname, of: generation } as const;
  const parent = { key: 'config.parentHostname', name: parentHostname, of: 'parent' } as const;
  // Up to 1.1 a device has no parent: the key is refused as such.
  return (generation === 'iotedge' ? [own] : [own, parent]).flatMap(({ key, name, of }) =>
    name === undefined || skip.has(key)
      ? []
      : judgeName(name, { key, of }, { place: device.place(key), device: device.id, hub: device.hub }),
  );
}

/** @param key how the finding calls the place of the name */
export function judgeName(
  hostname: string,
  { key, of }: { readonly key: string; readonly of: NameOf },
  subject: Subject,
): readonly Finding[] {
  const unusable = unusableBecause(hostname, of);
  if (unusable !== undefined) {
    return [finding('config/hostname-unusable', { key, hostname, problem: unusable }, subject)];
  }
  const problem = problemOf(hostname, of);
  return problem === undefined ? [] : [finding('config/hostname', { key, hostname, problem }, subject)];
}

/** An address of IPv4 or IPv6, as the runtime reads it. Loading node:net for this takes longer than all the other checks. */
export function isAddress(name: string): boolean {
  const isV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/.test(name);
  return isV4 || (/^[0-9a-f:.]+$/i.test(name) && name.includes(':') && URL.canParse(`http://[${name}]/`));
}

function unusableBecause(hostname: string, of: NameOf): UnusableHostname | undefined {
  if (hostname === '') return { kind: 'empty' };
  const length = Buffer.byteLength(hostname);
  return length > longest && of !== 'aziot' ? { kind: 'length', length } : undefined;
}

/** The bytes of a common name: RFC 5280, ub-common-name. */
const longest = 64;

/** What `iotedge check` warns of. */
function problemOf(hostname: string, of: NameOf): HostnameProblem | undefined {
  if (isAddress(hostname)) return of === 'iotedge' ? { kind: 'address' } : undefined;
  for (const label of hostname.split('.')) {
    if (label === '') return { kind: 'empty-label' };
    const problem = problemOfLabel(label);
    if (problem !== undefined) return { kind: 'label', label, problem };
  }
  const length = Buffer.byteLength(hostname);
  return length > longest ? { kind: 'length', length } : undefined;
}

function problemOfLabel(label: string): LabelProblem | undefined {
  const length = Buffer.byteLength(label);
  if (length > 63) return { kind: 'length', length };
  const stranger = /[^A-Za-z0-9-]/u.exec(label);
  if (stranger !== null) return { kind: 'character', character: stranger[0] };
  if (!/^[A-Za-z]/.test(label)) return { kind: 'begin' };
  return label.endsWith('-') ? { kind: 'end' } : undefined;
}
