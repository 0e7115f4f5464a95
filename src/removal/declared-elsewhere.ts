import type { Change } from '../model/plan.ts';
import type { Workspace } from '../model/workspace.ts';
import { isCertificateFile, nameIn, type OnceDeclared } from './declared-before.ts';
import { removalFault } from './faults.ts';

/** A device that was once declared and, as far as can be read, no longer is. */
export interface GoneDevice extends OnceDeclared {
  /** The file that may declare it all the same. */
  readonly doubt?: Doubt;
}

/** A file that mentions a device and cannot be read as a manifest. */
interface Doubt {
  readonly file: string;
  readonly why: string;
}

/**
 * Those of the devices that no file of the workspace declares, in whatever manifest: a device that moved to the manifest of another
 * run is not gone. Nor is one whose certificate is still where a manifest looks for certificates, whatever else is wrong with it.
 */
export async function goneFrom(workspace: Workspace, devices: readonly OnceDeclared[]): Promise<readonly GoneDevice[]> {
  const { declaredIn } = await import('../manifest/declared.ts');
  const still = new Set<OnceDeclared>();
  const doubts = new Map<OnceDeclared, Doubt>();
  const keep = (id: string, hub: string | undefined) => {
    for (const device of devices) if (device.id === id && (hub ?? device.hub) === device.hub) still.add(device);
  };
  const doubt = (file: string, why: string, mayBeOf: (device: OnceDeclared) => boolean) => {
    for (const device of devices) if (!doubts.has(device) && mayBeOf(device)) doubts.set(device, { file, why });
  };
  for (const path of workspace.filesBelow(['.'], ['.yaml', '.yml', '.json', '.csv'])) {
    const file = workspace.read(path, largestFile);
    if (!file.ok) {
      if (file.why !== 'missing') doubt(path, file.detail, () => true);
      continue;
    }
    const { bytes } = file;
    if (bytes.length > largestManifest) {
      doubt(path, 'it is larger than 20 MB', ({ id }) => mentions(bytes, id));
      continue;
    }
    if (!mayDeclare(bytes, devices)) continue;
    const declared = await declaredIn(path, bytes);
    if (declared.broken !== undefined) {
      const unnamed = looksForCertificates.test(bytes.toString('latin1'));
      doubt(path, declared.broken, ({ id }) => unnamed || mentions(bytes, id));
    }
    for (const { id, hub } of declared.devices) keep(id, hub);
    for (const name of await namesOfCertificates(declared.from, workspace)) keep(name, declared.hub);
  }
  return devices
    .filter((device) => !still.has(device))
    .map((device) => {
      const known = doubts.get(device);
      return known === undefined ? device : { ...device, doubt: known };
    });
}

/** Throws a `Fault` where one of the changes removes a device that may still be declared. */
export function requireNoDoubt(gone: readonly GoneDevice[], changes: readonly Change[]): void {
  const removed = new Set(changes.filter(({ kind }) => kind === 'disable' || kind === 'delete').map(({ id }) => id));
  const [first, ...others] = gone.filter(({ id, doubt }) => doubt !== undefined && removed.has(id));
  if (first?.doubt === undefined) return;
  throw removalFault('may-be-declared', { id: first.id, others: others.length, ...first.doubt });
}

const largestManifest = 20 * 1024 * 1024;

/** GitHub takes no files above 100 MB; what other tools leave behind may be larger. */
const largestFile = 1024 * 1024 * 1024;

/** `devices: { from: … }` in YAML or JSON: it names no device by its id. */
const looksForCertificates = /\bdevices["']?\s*:\s*\{?\s*["']?from["']?\s*:/;

/** Most files of a repository are no manifests, and to parse them all would take long. */
function mayDeclare(bytes: Buffer, devices: readonly OnceDeclared[]): boolean {
  return isUtf16(bytes) || bytes.includes('from') || devices.some(({ id }) => bytes.includes(id));
}

function isUtf16(bytes: Buffer): boolean {
  return bytes[0] === 0xff || bytes[0] === 0xfe;
}

/** Whether an id stands there as a whole, not as a part of a longer one. */
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

async function namesOfCertificates(patterns: readonly string[], workspace: Workspace): Promise<readonly string[]> {
  if (patterns.length === 0) return [];
  const { readCertificate } = await import('../identity/certificate.ts');
  const names: string[] = [];
  for (const path of (await workspace.find(patterns)).files.filter(isCertificateFile)) {
    const file = workspace.read(path, 1024 * 1024);
    const name = file.ok ? nameIn(await readCertificate(path, file.bytes)) : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}
