import { isUtf8 } from 'node:buffer';
import { type Finding, type Judged, naming, type Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { foreignForm } from '../../model/foreign-form.ts';
import { Texts } from '../../model/texts.ts';
import type { Workspace } from '../../model/workspace.ts';
import type { BaseProblem } from '../../rules/base.ts';
import { guardedLater } from '../../rules/guarded.ts';
import { finding } from '../../rules/rules.ts';
import { type BaseFile, formOf } from './file.ts';

const largestBase = 1024 * 1024;

/**
 * Reads the files that devices name as `config.base`, by path. Each file is read and judged once for all devices that
 * use it. A file that cannot be edited is left out. `texts` gets the texts of the files.
 */
export async function readBases(
  devices: readonly Device[],
  workspace: Workspace,
  texts = new Texts(),
): Promise<Judged<ReadonlyMap<string, BaseFile>>> {
  const bases = new Map<string, BaseFile>();
  const findings: Finding[] = [];
  for (const [path, all] of groupBy(devices, ({ config }) => config.base)) {
    if (path === undefined) continue;
    for (const [form, group] of groupBy(all, formOf)) {
      const read = await guardedLater(
        () => readFor(path, form, group, { workspace, texts }),
        () => ({ ...subjectOf(group), place: group[0]?.place('config.base') }),
      );
      if (read.value !== undefined) bases.set(path, read.value);
      findings.push(...read.findings);
    }
  }
  return { value: bases, findings };
}

async function readFor(
  path: string,
  form: BaseFile['form'],
  devices: readonly Device[],
  { workspace, texts }: { readonly workspace: Workspace; readonly texts: Texts },
): Promise<Judged<BaseFile | undefined>> {
  const text = readText(path, devices, workspace);
  if (typeof text !== 'string') return { value: undefined, findings: [text] };
  texts.add(path, text.replace(/^\uFEFF/, ''));
  // Code for one form is loaded only if a manifest names such a file.
  const read = form === 'config.toml' ? await readTomlFor(path, text, devices) : await readYamlFor(path, text, devices);
  if (read.value !== undefined || !(await isOfOtherForm(path, form, text))) return read;
  const version = devices[0]?.runtime.version.text ?? '';
  const at = { ...subjectOf(devices), place: devices[0]?.place('config.base') };
  const wrong = finding('config/base', { path, problem: { kind: 'other-form', expected: form, version } }, at);
  return { value: undefined, findings: [wrong, ...read.findings.filter(({ rule }) => rule !== 'config/base')] };
}

/** Whether a file that cannot be read in one form can be in the other. An empty file is of any form. */
async function isOfOtherForm(path: string, form: BaseFile['form'], text: string): Promise<boolean> {
  if (form === 'config.yaml') {
    const { readToml } = await import('./toml/read.ts');
    const read = readToml(path, text);
    return 'base' in read && read.base.root.entries.size > 0;
  }
  const { readBase } = await import('./base.ts');
  const { value } = readBase(path, text, {});
  return value !== undefined && value.settings.entries.size > 0;
}

async function readTomlFor(
  path: string,
  text: string,
  devices: readonly Device[],
): Promise<Judged<BaseFile | undefined>> {
  const { judgeToml } = await import('./toml/judge.ts');
  return judgeToml(path, text, devices, subjectOf);
}

async function readYamlFor(
  path: string,
  text: string,
  devices: readonly Device[],
): Promise<Judged<BaseFile | undefined>> {
  const { readBase } = await import('./base.ts');
  const { judgeParts } = await import('./needs.ts');
  const { judgeBaseHostname } = await import('./hostname.ts');
  const { judgeBaseKeys } = await import('./keys.ts');
  const { judgeAddresses } = await import('./addresses.ts');
  const { judgeBasePlaceholders, replacedIn } = await import('./placeholders.ts');
  const { judgeBaseValues } = await import('./values.ts');
  const base = readBase(path, text, subjectOf(devices));
  if (base.value === undefined) return base;
  const findings = [
    ...base.findings,
    ...judgeBaseKeys(base.value, devices, subjectOf(devices)),
    ...judgeBasePlaceholders({ ...base.value, replaced: replacedIn(base.value) }, devices, subjectOf),
    ...judgeBaseValues(base.value, devices, subjectOf),
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
  const refuse = (problem: BaseProblem): Finding => {
    const place = devices[0]?.place('config.base');
    return finding('config/base', { path, problem }, { ...subjectOf(devices), place });
  };
  const read = workspace.read(path, largestBase);
  if (!read.ok) return refuse({ kind: 'unreadable', why: read.why, detail: read.detail });
  const form = foreignForm(read.bytes);
  if (form !== undefined) return refuse({ kind: form });
  return isUtf8(read.bytes) ? read.bytes.toString('utf8') : refuse({ kind: 'not-utf-8' });
}

// Node 20 has no Map.groupBy.
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

function subjectOf(devices: readonly Device[]): Subject {
  const [hub, ...others] = new Set(devices.map((device) => device.hub));
  return { ...naming(devices.map(({ id }) => id)), hub: others.length === 0 ? hub : undefined };
}
