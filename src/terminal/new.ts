import { statSync, writeFileSync } from 'node:fs';
import { extname, posix, resolve } from 'node:path';
import { pairCertificates } from '../identity/pairs.ts';
import { type FirstDevice, type FirstManifestOptions, firstManifest, readTable } from '../manifest/first.ts';
import { messageOf } from '../model/fault.ts';
import { type Finding, failing } from '../model/finding.ts';
import { type Platform, slots } from '../model/fleet.ts';
import { nameForDevices, readHubName } from '../model/hub-name.ts';
import { certificateExtensions } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { findingLines } from '../report/text.ts';
import { finding } from '../rules/rules.ts';
import { runFault } from '../run/faults.ts';
import { refusalToMake } from '../run/named-file.ts';
import { SettingReader } from '../run/setting-reader.ts';
import type { Settings } from '../run/settings.ts';
import { openWorkspace } from '../run/workspace.ts';
import { terminalFault } from './faults.ts';
import { checkIgnored } from './ignored.ts';
import { terminalLines } from './lines.ts';
import { findRoot, fromRoot } from './root.ts';
import { seenFrom } from './seen-from.ts';
import { terminalStyle } from './style.ts';

const platforms: readonly Platform[] = ['debian', 'linux', 'windows'];

/**
 * Makes a first manifest from folders of certificates, certificate files and CSVs with a column `id`. Prints it, or writes
 * it to a new file. Findings about what it leaves out go to standard error. Gives the exit code. Throws `WrongSettings`,
 * or a `Fault`.
 */
export async function runNew(
  sources: readonly string[],
  settings: Settings,
  print: (text: string) => void,
): Promise<number> {
  const directory = process.cwd();
  const { output } = settings;
  const root = findRoot(directory, [output ?? 'devices.yaml']);
  const { options, manifest, inputs } = readOptions(sources, settings, { root, directory });
  const workspace = openWorkspace(root, { checkIgnored });
  const { devices, findings } = await gather(inputs, workspace);
  if (findings.length > 0) {
    const style = await terminalStyle(process.stderr, root, directory);
    process.stderr.write(`${findingLines(seenFrom(findings, style.path), style).join('\n')}\n`);
  }
  if (devices.length === 0) {
    const folders = inputs.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
    const [archive] = workspace.filesBelow(folders, ['.tgz']).files;
    throw terminalFault('no-device-found', { sources, ...(archive === undefined ? {} : { archive }) });
  }
  const folder = posix.dirname(manifest);
  const text = firstManifest(
    devices.map((device) => relativeTo(folder, device)),
    options,
  );
  if (output === undefined) print(text);
  else {
    writeNew(resolve(directory, output), output, { text, root });
    process.stderr.write(`${terminalLines['manifest-written']({ output, devices: devices.length })}\n`);
  }
  return failing(findings) ? 1 : 0;
}

/** A source of devices. Its path is relative to the workspace. */
interface Input {
  readonly path: string;
  readonly kind: 'folder' | 'table' | 'certificate';
}

interface Options {
  readonly options: FirstManifestOptions;
  /** The path of the manifest, relative to the workspace. */
  readonly manifest: string;
  readonly inputs: readonly Input[];
}

function readOptions(
  sources: readonly string[],
  settings: Settings,
  { root, directory }: { readonly root: string; readonly directory: string },
): Options {
  const reader = new SettingReader(settings);
  const { output = 'devices.yaml' } = settings;
  const hub = readHub(reader);
  const options = { ...(hub === undefined ? {} : { hub }), runtime: readRuntime(reader) };
  if (!/\.ya?ml$/i.test(output)) reader.refuse(terminalFault('not-a-manifest-name', { output }));
  const [manifest = ''] = reader.attempt(() => fromRoot(root, directory, [output])) ?? [];
  const inputs = sources.flatMap((source) => {
    return reader.attempt(() => inputOf(source, { root, directory })) ?? [];
  });
  return reader.checked({ options, manifest, inputs });
}

function readHub(reader: SettingReader): string | undefined {
  const given = reader.raw('hub');
  if (given === undefined) return undefined;
  const read = readHubName(given);
  if (read.kind === 'hub') return nameForDevices(read.hub, read.form === 'device' ? 'device' : 'classic');
  reader.refuse(
    read.kind === 'no-domain'
      ? runFault('hub-without-domain', { name: '--hub', given, meant: read.meant.hub })
      : terminalFault('not-a-host', { given }),
  );
  return undefined;
}

function readRuntime(reader: SettingReader): FirstManifestOptions['runtime'] {
  // The newest long-term version. None after 1.1 runs on Windows.
  const version = reader.raw('runtime') ?? (reader.raw('platform') === 'windows' ? '1.1' : '1.6');
  if (!/^\d{1,4}\.\d{1,4}(\.\d{1,4})?$/.test(version))
    reader.refuse(terminalFault('not-a-version', { given: version }));
  const given = reader.raw('platform') ?? 'debian';
  const platform = platforms.find((name) => name === given);
  if (platform === undefined) reader.refuse(terminalFault('unknown-platform', { given, known: platforms }));
  return { version, platform: platform ?? 'debian' };
}

function inputOf(source: string, { root, directory }: { readonly root: string; readonly directory: string }): Input {
  const [path = ''] = fromRoot(root, directory, [source]);
  return { path, kind: kindOf(source, directory) };
}

/** The devices of all sources by id. A row of a CSV and the certificates of the same id are one device. */
async function gather(
  inputs: readonly Input[],
  workspace: Workspace,
): Promise<{ readonly devices: readonly FirstDevice[]; readonly findings: readonly Finding[] }> {
  const certificates = new Set<string>();
  const found = new Set<string>();
  const findings: Finding[] = [];
  const devices = new Map<string, FirstDevice>();
  for (const { path, kind } of inputs) {
    if (kind === 'folder') {
      const { files, bound } = workspace.filesBelow([path], certificateExtensions);
      for (const file of files) found.add(file);
      const place = { file: path, line: 1, column: 1 };
      if (bound !== undefined) findings.push(finding('manifest/search-bound', { pattern: path, bound }, { place }));
    } else if (kind === 'certificate') certificates.add(path);
    else {
      const table = await readTable(path, workspace);
      findings.push(...table.findings);
      for (const device of table.value) if (!devices.has(device.id)) devices.set(device.id, device);
    }
  }
  const pairs = await pairCertificates([...new Set([...certificates, ...found])], workspace, {
    matched: (path) => !certificates.has(path),
  });
  for (const { id, certificates } of pairs.value) {
    const row = devices.get(id);
    devices.set(id, { id, certificates: { ...row?.certificates, ...certificates }, settings: row?.settings ?? {} });
  }
  return { devices: [...devices.values()], findings: [...findings, ...pairs.findings] };
}

function kindOf(source: string, directory: string): Input['kind'] {
  try {
    if (statSync(resolve(directory, source)).isDirectory()) return 'folder';
    return extname(source).toLowerCase() === '.csv' ? 'table' : 'certificate';
  } catch (cause) {
    throw terminalFault('source-unreadable', { source, why: messageOf(cause) }, { cause });
  }
}

function relativeTo(folder: string, device: FirstDevice): FirstDevice {
  const certificates = slots.flatMap((slot) => {
    const path = device.certificates[slot];
    return path === undefined ? [] : [[slot, posix.isAbsolute(path) ? path : posix.relative(folder, path)]];
  });
  return { ...device, certificates: Object.fromEntries(certificates) };
}

function writeNew(
  path: string,
  output: string,
  { text, root }: { readonly text: string; readonly root: string },
): void {
  const why = refusalToMake(path, root);
  if (why !== undefined) throw terminalFault('path-refused', { option: 'output', path: output, why });
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (exists) throw terminalFault('output-exists', { output }, { cause });
    throw terminalFault('output-not-written', { output, why: messageOf(cause) }, { cause });
  }
}
