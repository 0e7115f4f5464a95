import { posix } from 'node:path';
import type { CertificateReading } from './identity/certificate.ts';
import type { Declared } from './manifest/declared.ts';
import { type DeviceId, type HubHost, isDeviceId } from './model/fleet.ts';
import type { FileVersion, History } from './model/history.ts';
import { certificateExtensions } from './model/identity.ts';
import type { Workspace } from './model/workspace.ts';

/** A device as an earlier commit declared it. */
export interface OnceDeclared {
  readonly id: DeviceId;
  readonly hub: HubHost;
}

/**
 * The devices that the default branch declared in any of its states, that of its head included, each once. Devices without a
 * hub of their own belong to the run's only one; those of hubs that are not in the run are left out.
 * @param manifests paths and globs, relative to the workspace
 */
export async function onceDeclared(
  manifests: readonly string[],
  hubs: readonly HubHost[],
  history: History,
): Promise<readonly OnceDeclared[]> {
  const only = hubs.length === 1 ? hubs[0] : undefined;
  const devices = new Map<string, OnceDeclared>();
  const take = (id: string, named: string | undefined) => {
    const hub = hubs.find((host) => host === (named ?? only));
    if (hub !== undefined && isDeviceId(id)) devices.set(`${hub}/${id}`, { id, hub });
  };
  const { declaredIn } = await import('./manifest/declared.ts');
  const read = new Map<string, Declared>();
  for (const [version, bytes] of await withContents(await history.versionsOf(manifests), history)) {
    // A file that is changed back and forth has few contents.
    const name = `${version.blob} ${version.path}`;
    const declared = read.get(name) ?? (await declaredIn(version.path, bytes));
    read.set(name, declared);
    for (const { id, hub } of declared.devices) take(id, hub);
    if (declared.from.length === 0) continue;
    for (const id of await namedByCertificates(declared.from, version, history)) take(id, declared.hub);
  }
  return [...devices.values()];
}

/** The common names of the certificates that the patterns matched while this version of the manifest stood. */
async function namedByCertificates(
  patterns: readonly string[],
  manifest: FileVersion,
  history: History,
): Promise<ReadonlySet<string>> {
  const versions = await history.versionsOf(patterns);
  const together = versions.filter(({ path, from, until }) => {
    return isCertificateFile(path) && from < manifest.until && manifest.from < until;
  });
  const names = new Set<string>();
  const { readCertificate } = await import('./identity/certificate.ts');
  for (const [{ path }, bytes] of await withContents(together, history)) {
    const reading = await readCertificate(path, bytes);
    const name = nameIn(reading);
    if (reading.kind === 'certificate' && reading.certificate.authority !== 'signing-key' && name !== undefined) {
      names.add(name);
    }
  }
  return names;
}

/**
 * Those of the devices that the files of the workspace still declare, in whatever manifest: a device that moved to the manifest of
 * another run is not gone. So is none whose certificate is still where a manifest looks for certificates, whatever else is wrong
 * with it.
 */
export async function stillDeclared(
  devices: readonly OnceDeclared[],
  workspace: Workspace,
): Promise<ReadonlySet<OnceDeclared>> {
  const { declaredIn } = await import('./manifest/declared.ts');
  const still = new Set<OnceDeclared>();
  const keep = (id: string, hub: string | undefined) => {
    for (const device of devices) if (device.id === id && (hub ?? device.hub) === device.hub) still.add(device);
  };
  for (const path of workspace.filesBelow(['.'], ['.yaml', '.yml', '.json', '.csv'])) {
    const file = workspace.read(path, largestManifest);
    if (!file.ok || !mayDeclare(file.bytes, devices)) continue;
    const declared = await declaredIn(path, file.bytes);
    for (const { id, hub } of declared.devices) keep(id, hub);
    for (const name of await namesOfCertificates(declared.from, workspace)) keep(name, declared.hub);
  }
  return still;
}

const largestManifest = 20 * 1024 * 1024;

/** Most files of a repository are no manifests, and to parse them all would take long. */
function mayDeclare(bytes: Buffer, devices: readonly OnceDeclared[]): boolean {
  const isUtf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
  return isUtf16 || bytes.includes('from') || devices.some(({ id }) => bytes.includes(id));
}

async function namesOfCertificates(patterns: readonly string[], workspace: Workspace): Promise<readonly string[]> {
  if (patterns.length === 0) return [];
  const { readCertificate } = await import('./identity/certificate.ts');
  const names: string[] = [];
  for (const path of (await workspace.find(patterns)).files.filter(isCertificateFile)) {
    const file = workspace.read(path, 1024 * 1024);
    const name = file.ok ? nameIn(await readCertificate(path, file.bytes)) : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}

function isCertificateFile(path: string): boolean {
  return certificateExtensions.includes(posix.extname(path).toLowerCase());
}

/** The common name, where there is one and no other. */
function nameIn(reading: CertificateReading): string | undefined {
  if (reading.kind !== 'certificate') return undefined;
  const [name, ...others] = reading.certificate.commonNames;
  return others.length === 0 ? name : undefined;
}

async function withContents(
  versions: readonly FileVersion[],
  history: History,
): Promise<readonly (readonly [FileVersion, Buffer])[]> {
  const contents = await history.read(versions);
  return versions.flatMap((version, index) => {
    const bytes = contents[index];
    return bytes === undefined ? [] : [[version, bytes] as const];
  });
}
