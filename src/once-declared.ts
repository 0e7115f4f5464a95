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
  const versions = await history.versionsOf(manifests);
  for (const [{ path }, bytes] of await withContents(versions, history)) {
    const declared = await declaredIn(path, bytes);
    for (const { id, hub } of declared.devices) take(id, hub);
    if (declared.from.length === 0) continue;
    for (const id of await namedByCertificates(declared.from, history)) take(id, declared.hub);
  }
  return [...devices.values()];
}

/** The common names of all certificates that the patterns ever matched. What can be no device's certificate names none. */
async function namedByCertificates(patterns: readonly string[], history: History): Promise<ReadonlySet<string>> {
  const { readCertificate } = await import('./identity/certificate.ts');
  const versions = await history.versionsOf(patterns);
  const files = versions.filter(({ path }) => certificateExtensions.some((end) => path.toLowerCase().endsWith(end)));
  const names = new Set<string>();
  for (const [{ path }, bytes] of await withContents(files, history)) {
    const reading = await readCertificate(path, bytes);
    if (reading.kind !== 'certificate') continue;
    const { authority, commonNames } = reading.certificate;
    const [name] = commonNames;
    if (authority !== 'signing-key' && commonNames.length === 1 && name !== undefined) names.add(name);
  }
  return names;
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
