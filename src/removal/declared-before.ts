import { posix } from 'node:path';
import type { CertificateReading } from '../identity/certificate.ts';
import type { Declared } from '../manifest/declared.ts';
import { losesNames, namesIn } from '../manifest/losses.ts';
import { type DeviceId, type HubHost, isDeviceId } from '../model/fleet.ts';
import type { FileVersion, History } from '../model/history.ts';
import { certificateExtensions } from '../model/identity.ts';

/** A device that an earlier commit declared. */
export interface DeclaredBefore {
  readonly id: DeviceId;
  readonly hub: HubHost;
  /** The newest commit dropped it. */
  readonly justNow?: true;
}

/**
 * The devices that the default branch declared in an earlier state and does not declare at its head, each once. A device
 * without a hub belongs to the run's hub, if there is only one. Devices of hubs that are not in the run are left out.
 * @param manifests paths and globs, relative to the workspace
 */
export async function declaredBefore(
  manifests: readonly string[],
  hubs: readonly HubHost[],
  history: History,
): Promise<readonly DeclaredBefore[]> {
  const only = hubs.length === 1 ? hubs[0] : undefined;
  const ever = new Map<string, DeclaredBefore>();
  const byHead = new Set<string>();
  const take = (id: string, named: string | undefined, ofHead: boolean, justNow: boolean) => {
    const hub = hubs.find((host) => host === (named ?? only));
    if (hub === undefined || !isDeviceId(id)) return;
    const name = `${hub}/${id}`;
    if (justNow) ever.set(name, { id, hub, justNow });
    else if (!ever.has(name)) ever.set(name, { id, hub });
    if (ofHead) byHead.add(name);
  };
  for (const { version, declared } of await statesOf(manifests, history)) {
    for (const { id, hub } of declared.devices) take(id, hub, isOfHead(version), version.endedByHead === true);
    if (declared.from.length === 0) continue;
    for (const { name, ofHead, justNow } of await namedByCertificates(declared.from, version, history)) {
      take(name, declared.hub, ofHead, justNow);
    }
  }
  return [...ever].filter(([name]) => !byHead.has(name)).map(([, device]) => device);
}

function isOfHead({ until }: FileVersion): boolean {
  return until === Number.POSITIVE_INFINITY;
}

interface State {
  readonly version: FileVersion;
  readonly declared: Declared;
}

/**
 * Reads the versions of the manifests that matter: the versions of the head, and each version that names something that
 * neither the version before nor the version after names. If a version cannot be read, the versions beside it are read too.
 */
async function statesOf(manifests: readonly string[], history: History): Promise<readonly State[]> {
  const { declaredIn } = await import('../manifest/declared.ts');
  const contents = await withContents(await history.versionsOf(manifests), history);
  const texts = contents
    .map(([version, bytes]) => ({ version, bytes, names: namesIn(version.path, bytes) }))
    .sort((a, b) =>
      a.version.path < b.version.path ? -1 : a.version.path > b.version.path ? 1 : a.version.from - b.version.from,
    );
  const isNext = (at: number) =>
    texts[at]?.version.path === texts[at + 1]?.version.path && texts[at]?.version.until === texts[at + 1]?.version.from;
  const needed = texts.flatMap(({ version, names }, at) => {
    const before = isNext(at - 1) ? texts[at - 1]?.names : undefined;
    const after = isNext(at) ? texts[at + 1]?.names : undefined;
    // Of two versions that name the same, the later one is read.
    const isTold = !losesNames(names, after) || (before?.length !== names?.length && !losesNames(names, before));
    return isOfHead(version) || !isTold ? [at] : [];
  });
  const states = new Map<number, State>();
  const read = new Map<string, Declared>();
  for (let at = needed.pop(); at !== undefined; at = needed.pop()) {
    const text = texts[at];
    if (text === undefined || states.has(at)) continue;
    const { version, bytes } = text;
    // A file that was changed back and forth has the same content in many versions.
    const name = `${version.blob} ${version.path}`;
    const declared = read.get(name) ?? (await declaredIn(version.path, bytes));
    read.set(name, declared);
    states.set(at, { version, declared });
    if (declared.broken !== undefined) needed.push(at - 1, at + 1);
  }
  return [...states.values()];
}

interface Named {
  readonly name: string;
  /** Whether the head has the manifest and the certificate. */
  readonly ofHead: boolean;
  /** The newest commit changed the manifest or the certificate. */
  readonly justNow: boolean;
}

/** The common names of the certificates that the patterns matched while this version of the manifest was current. */
async function namedByCertificates(
  patterns: readonly string[],
  manifest: FileVersion,
  history: History,
): Promise<readonly Named[]> {
  const versions = await history.versionsOf(patterns);
  const together = versions.filter(({ path, from, until }) => {
    return isCertificateFile(path) && from < manifest.until && manifest.from < until;
  });
  const names: Named[] = [];
  const { readCertificate } = await import('../identity/certificate.ts');
  const { mayBeDevices } = await import('../identity/authorities.ts');
  for (const [version, bytes] of await withContents(together, history)) {
    const reading = await readCertificate(version.path, bytes);
    const name = nameIn(reading);
    if (reading.kind === 'certificate' && mayBeDevices(reading.certificate) && name !== undefined) {
      const justNow = manifest.endedByHead === true || version.endedByHead === true;
      names.push({ name, ofHead: isOfHead(manifest) && isOfHead(version), justNow });
    }
  }
  return names;
}

/** Whether a path has the extension of a certificate. */
export function isCertificateFile(path: string): boolean {
  return certificateExtensions.includes(posix.extname(path).toLowerCase());
}

/** The common name, if there is exactly one. */
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
