import { posix } from 'node:path';
import type { CertificateReading } from './identity/certificate.ts';
import type { Declared } from './manifest/declared.ts';
import { type DeviceId, type HubHost, isDeviceId } from './model/fleet.ts';
import type { FileVersion, History } from './model/history.ts';
import { certificateExtensions } from './model/identity.ts';

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

/** Whether a path looks like that of a certificate: by its extension. */
export function isCertificateFile(path: string): boolean {
  return certificateExtensions.includes(posix.extname(path).toLowerCase());
}

/** The common name, where there is one and no other. */
export function nameIn(reading: CertificateReading): string | undefined {
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
