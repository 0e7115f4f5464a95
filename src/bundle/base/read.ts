import { isUtf8 } from 'node:buffer';
import type { Finding, Judged, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { Workspace } from '../../model/workspace.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from '../judge/runtime.ts';
import type { Base } from './base.ts';

const largestBase = 1024 * 1024;

const remedies = {
  missing: 'Correct config.base: the path starts at the folder of the manifest.',
  outside: 'Keep the file in the repository, and name it by a path inside.',
  'too-large': 'Name a config.yaml of IoT Edge; the packages have one of 20 kB.',
  unreadable: 'Name a file that can be read.',
} as const;

/**
 * The files that devices name as `config.base`, by their path: each is read and judged once, for all that use it.
 * One that cannot be edited is left out. Runtimes that have no config.yaml are refused elsewhere.
 */
export async function readBases(
  devices: readonly Device[],
  workspace: Workspace,
): Promise<Judged<ReadonlyMap<string, Base>>> {
  const users = groupBy(devices, ({ config, runtime }) =>
    generationOf(runtime.version) === 'iotedge' ? config.base : undefined,
  );
  const bases = new Map<string, Base>();
  const findings: Finding[] = [];
  for (const [path, group] of users) {
    if (path === undefined) continue;
    const read = await readFor(path, group, workspace);
    if (read.value !== undefined) bases.set(path, read.value);
    findings.push(...read.findings);
  }
  return { value: bases, findings };
}

async function readFor(
  path: string,
  devices: readonly Device[],
  workspace: Workspace,
): Promise<Judged<Base | undefined>> {
  const text = readText(path, devices, workspace);
  if (typeof text !== 'string') return { value: undefined, findings: [text] };
  // Loaded only where a manifest names such a file.
  const { readBase } = await import('./base.ts');
  const { judgeBaseHostname, judgeParts } = await import('./needs.ts');
  const { judgeBaseKeys } = await import('./keys.ts');
  const { judgeAddresses } = await import('./addresses.ts');
  const { judgeBasePlaceholders } = await import('./placeholders.ts');
  const base = readBase(path, text, subjectOf(devices));
  if (base.value === undefined) return base;
  const findings = [
    ...base.findings,
    ...judgeBaseKeys(base.value, devices, subjectOf(devices)),
    ...judgeBasePlaceholders(base.value, devices, subjectOf),
  ];
  for (const [platform, users] of groupBy(devices, ({ runtime }) => runtime.platform)) {
    findings.push(...judgeParts(base.value, platform, subjectOf(users)));
    findings.push(...judgeAddresses(base.value, platform, subjectOf(users)));
  }
  const bare = devices.filter(({ config }) => config.hostname === undefined);
  if (bare.length > 0) findings.push(...judgeBaseHostname(base.value, subjectOf(bare)));
  return { value: base.value, findings };
}

function readText(path: string, devices: readonly Device[], workspace: Workspace): string | Finding {
  const refuse = (what: string, remedy: string): Finding => {
    const place = devices[0]?.place('config.base');
    return finding('config/base', { path, what, remedy }, { ...subjectOf(devices), place });
  };
  const bytes = workspace.read(path, largestBase);
  if (!bytes.ok) return refuse(`it cannot be read: ${bytes.detail}`, remedies[bytes.why]);
  if (!isUtf8(bytes.bytes)) {
    return refuse('it is not text in UTF-8', 'Save it as UTF-8: the runtime reads nothing else.');
  }
  return bytes.bytes.toString('utf8');
}

// Map.groupBy begins with Node 21.
function groupBy<Key>(devices: readonly Device[], keyOf: (device: Device) => Key): ReadonlyMap<Key, readonly Device[]> {
  const groups = new Map<Key, Device[]>();
  for (const device of devices) {
    const key = keyOf(device);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [device]);
    else group.push(device);
  }
  return groups;
}

/** A finding names its device where it is about one alone. */
function subjectOf(devices: readonly Device[]): Subject {
  const [device, other] = devices;
  return device === undefined || other !== undefined ? {} : { device: device.id, hub: device.hub };
}
