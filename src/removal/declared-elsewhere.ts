import type { Change } from '../model/plan.ts';
import type { SearchBound, Workspace } from '../model/workspace.ts';
import { type DeclaredBefore, isCertificateFile, nameIn } from './declared-before.ts';
import { type DoubtReason, removalFault } from './faults.ts';

/** A device that was declared before and that no readable manifest declares now. */
export interface GoneDevice extends DeclaredBefore {
  /** A file that may still declare it. */
  readonly doubt?: Doubt;
}

/** A file that mentions a device and cannot be read as a manifest. */
interface Doubt {
  readonly file: string;
  readonly why: DoubtReason;
}

/**
 * Returns the devices that no manifest in the workspace declares any more. A device that moved to another manifest still
 * counts as declared. So does a device whose certificate still lies where a manifest looks for certificates, even if the
 * certificate is wrong.
 */
export async function goneFrom(
  workspace: Workspace,
  devices: readonly DeclaredBefore[],
): Promise<readonly GoneDevice[]> {
  const { declaredIn } = await import('../manifest/declared.ts');
  const still = new Set<DeclaredBefore>();
  const doubts = new Map<DeclaredBefore, Doubt>();
  const keep = (id: string, hub: string | undefined) => {
    for (const device of devices) if (device.id === id && (hub ?? device.hub) === device.hub) still.add(device);
  };
  const doubt = (file: string, why: DoubtReason, mayBeOf: (device: DeclaredBefore) => boolean) => {
    for (const device of devices) if (!doubts.has(device) && mayBeOf(device)) doubts.set(device, { file, why });
  };
  const { files, bound: listed } = workspace.filesBelow(['.'], ['.yaml', '.yml', '.json', '.csv']);
  if (listed !== undefined) doubt('.', { problem: 'not-listed', bound: listed }, () => true);
  for (const path of files) {
    const file = workspace.read(path, largestFile);
    if (!file.ok) {
      if (file.why !== 'missing') doubt(path, { problem: 'unreadable', said: file.detail }, () => true);
      continue;
    }
    const { bytes } = file;
    if (bytes.length > largestManifest) {
      doubt(path, { problem: 'too-large', megabytes: largestManifestMegabytes }, ({ id }) => mentions(bytes, id));
      continue;
    }
    if (!mayDeclare(bytes, devices)) continue;
    const declared = await declaredIn(path, bytes);
    if (declared.broken !== undefined) {
      const unnamed = looksForCertificates.test(bytes.toString('latin1'));
      doubt(path, { problem: 'unreadable', said: declared.broken }, ({ id }) => unnamed || mentions(bytes, id));
    }
    for (const { id, hub } of declared.devices) keep(id, hub);
    const { names, bound } = await namesOfCertificates(declared.from, workspace);
    for (const name of names) keep(name, declared.hub);
    if (bound !== undefined) doubt(path, { problem: 'not-searched', bound }, () => true);
  }
  return devices
    .filter((device) => !still.has(device))
    .map((device) => {
      const known = doubts.get(device);
      return known === undefined ? device : { ...device, doubt: known };
    });
}

/** Throws a `Fault` if a change removes a device that may still be declared. */
export function requireNoDoubt(gone: readonly GoneDevice[], changes: readonly Change[]): void {
  const removed = new Set(changes.filter(({ kind }) => kind === 'disable' || kind === 'delete').map(({ id }) => id));
  const [first, ...others] = gone.filter(({ id, doubt }) => doubt !== undefined && removed.has(id));
  if (first?.doubt === undefined) return;
  throw removalFault('may-be-declared', { id: first.id, others: others.length, ...first.doubt });
}

const largestManifestMegabytes = 20;
const largestManifest = largestManifestMegabytes * 1024 * 1024;

/** GitHub takes no files above 100 MB, but other tools may leave larger files in the workspace. */
const largestFile = 1024 * 1024 * 1024;

/** `devices: { from: … }` in YAML or JSON. Such a manifest does not contain the ids of its devices. */
const looksForCertificates = /\bdevices["']?\s*:\s*\{?\s*["']?from["']?\s*:/;

/** Most files of a repository are no manifests, and parsing all of them takes long. */
function mayDeclare(bytes: Buffer, devices: readonly DeclaredBefore[]): boolean {
  return isUtf16(bytes) || bytes.includes('from') || devices.some(({ id }) => bytes.includes(id));
}

function isUtf16(bytes: Buffer): boolean {
  return bytes[0] === 0xff || bytes[0] === 0xfe;
}

/** Whether an id stands in a file as a whole, not as a part of a longer id. */
function mentions(bytes: Buffer, id: string): boolean {
  const encoding = isUtf16(bytes) ? 'utf16le' : 'latin1';
  const wanted = Buffer.from(id, encoding);
  const width = encoding === 'utf16le' ? 2 : 1;
  const goesOn = (at: number) => /[\w-]/.test(String.fromCharCode(bytes[at] ?? 0));
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    if (!goesOn(at - width) && !goesOn(at + wanted.length)) return true;
  }
  return false;
}

async function namesOfCertificates(
  patterns: readonly string[],
  workspace: Workspace,
): Promise<{ readonly names: readonly string[]; readonly bound?: SearchBound }> {
  if (patterns.length === 0) return { names: [] };
  const { readCertificate } = await import('../identity/certificate.ts');
  const names: string[] = [];
  const { files, bound } = await workspace.find(patterns);
  for (const path of files.filter(isCertificateFile)) {
    const file = workspace.read(path, 1024 * 1024);
    const name = file.ok ? nameIn(await readCertificate(path, file.bytes)) : undefined;
    if (name !== undefined) names.push(name);
  }
  return { names, ...(bound === undefined ? {} : { bound }) };
}
