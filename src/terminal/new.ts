import { statSync, writeFileSync } from 'node:fs';
import { extname, posix, resolve } from 'node:path';
import { pairCertificates } from '../identity/pairs.ts';
import { type FirstDevice, type FirstManifestOptions, firstManifest, readTable } from '../manifest/first.ts';
import { Fault, messageOf } from '../model/fault.ts';
import { type Finding, failing } from '../model/finding.ts';
import { isHubHost, type Platform, slots } from '../model/fleet.ts';
import { certificateExtensions } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { findingLines } from '../report/text.ts';
import type { Settings } from '../run/settings.ts';
import { openWorkspace } from '../run/workspace.ts';
import { findRoot, fromRoot } from './root.ts';
import { terminalStyle } from './style.ts';

const platforms: readonly Platform[] = ['debian', 'linux', 'windows'];

/**
 * Makes a first manifest from folders of certificates, certificate files and CSVs with a column `id`. Prints it, or writes it
 * to a file that is not there yet; what had to be left out is told on standard error. Gives the exit code.
 */
export async function runNew(sources: readonly string[], settings: Settings): Promise<number> {
  const options = readOptions(settings);
  const directory = process.cwd();
  const { output } = settings;
  const root = findRoot(directory, [output ?? 'devices.yaml']);
  const [manifest = ''] = fromRoot(root, directory, [checkOutput(output ?? 'devices.yaml')]);
  const workspace = openWorkspace(root);
  const { devices, findings } = await gather(sources, fromRoot(root, directory, sources), directory, workspace);
  if (findings.length > 0) {
    const style = await terminalStyle(process.stderr, root, directory);
    process.stderr.write(`${findingLines(findings, style).join('\n')}\n`);
  }
  if (devices.length === 0) {
    const remedy = 'Name a folder of certificates, certificate files, or a CSV with a column id.';
    throw new Fault(`no device was found in ${sources.join(', ')}`, remedy);
  }
  const folder = posix.dirname(manifest);
  const text = firstManifest(
    devices.map((device) => relativeTo(folder, device)),
    options,
  );
  if (output === undefined) process.stdout.write(text);
  else {
    writeNew(resolve(directory, output), output, text);
    process.stderr.write(
      `${output}: ${devices.length} ${devices.length === 1 ? 'device' : 'devices'}. Next: validate.\n`,
    );
  }
  return failing(findings) ? 1 : 0;
}

/** The devices of all sources by id; a row of a CSV and the certificates of the same id are one device. */
async function gather(
  sources: readonly string[],
  paths: readonly string[],
  directory: string,
  workspace: Workspace,
): Promise<{ readonly devices: readonly FirstDevice[]; readonly findings: readonly Finding[] }> {
  const certificates = new Set<string>();
  const findings: Finding[] = [];
  const devices = new Map<string, FirstDevice>();
  for (const [index, path] of paths.entries()) {
    const kind = kindOf(sources[index] ?? path, directory);
    if (kind === 'folder')
      for (const file of workspace.filesBelow([path], certificateExtensions)) certificates.add(file);
    else if (kind === 'certificate') certificates.add(path);
    else {
      const table = await readTable(path, workspace);
      findings.push(...table.findings);
      for (const device of table.value) if (!devices.has(device.id)) devices.set(device.id, device);
    }
  }
  const pairs = await pairCertificates([...certificates], workspace);
  for (const { id, certificates } of pairs.value) {
    const row = devices.get(id);
    devices.set(id, { id, certificates: { ...row?.certificates, ...certificates }, settings: row?.settings ?? {} });
  }
  return { devices: [...devices.values()], findings: [...findings, ...pairs.findings] };
}

function kindOf(source: string, directory: string): 'folder' | 'table' | 'certificate' {
  try {
    if (statSync(resolve(directory, source)).isDirectory()) return 'folder';
    return extname(source).toLowerCase() === '.csv' ? 'table' : 'certificate';
  } catch (cause) {
    throw usage(`${source} cannot be opened: ${messageOf(cause)}`, 'Name a folder or a file that exists.', cause);
  }
}

function relativeTo(folder: string, device: FirstDevice): FirstDevice {
  const certificates = slots.flatMap((slot) => {
    const path = device.certificates[slot];
    return path === undefined ? [] : [[slot, posix.isAbsolute(path) ? path : posix.relative(folder, path)]];
  });
  return { ...device, certificates: Object.fromEntries(certificates) };
}

function readOptions({ hub, runtime = '1.1', platform = 'debian' }: Settings): FirstManifestOptions {
  const host = hub?.toLowerCase();
  if (host !== undefined && !isHubHost(host)) {
    throw usage(`--hub: ${JSON.stringify(hub)} is not a host name`, 'Give --hub such as contoso.azure-devices.net.');
  }
  if (!/^\d{1,4}\.\d{1,4}(\.\d{1,4})?$/.test(runtime)) {
    throw usage(`--runtime: ${JSON.stringify(runtime)} is not a version`, 'Give --runtime such as 1.1 or 1.0.10.');
  }
  const known = platforms.find((name) => name === platform);
  if (known === undefined) throw usage(`--platform: ${platform} is not known`, `Give one of ${platforms.join(', ')}.`);
  return { ...(host === undefined ? {} : { hub: host }), runtime: { version: runtime, platform: known } };
}

function checkOutput(output: string): string {
  if (/\.ya?ml$/i.test(output)) return output;
  throw usage(`--output: ${output} would be no manifest`, 'Give --output a name that ends in .yaml.');
}

function writeNew(path: string, output: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const message = exists ? `${output} is there already` : `${output} cannot be written: ${messageOf(cause)}`;
    const remedy = exists ? 'Nothing was written. Name another file.' : 'Check the folder and its permissions.';
    throw new Fault(message, remedy, { kind: exists ? 'usage' : 'world', cause });
  }
}

function usage(message: string, remedy: string, cause?: unknown): Fault {
  return new Fault(message, remedy, { kind: 'usage', cause });
}
