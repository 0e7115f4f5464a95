import { posix } from 'node:path';
import type { Finding, Judged, Place, Subject } from '../model/finding.ts';
import { type BySlot, type DeviceId, isDeviceId, type Slot, slots } from '../model/fleet.ts';
import type { Certificate, CertificatePair } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { guardedLater } from '../rules/guarded.ts';
import { finding } from '../rules/rules.ts';
import { issuers, mayBeDevices } from './authorities.ts';
import { withoutId, wordsOf } from './file-names.ts';
import { type CertificateFiles, noFiles, openCertificate } from './identify.ts';

/** Where the files come from. */
export interface PairOptions {
  /** The place of a finding about a file: the value of the manifest that matched it. By default the start of the file itself. */
  readonly placeOf?: (path: string) => Place;
  /**
   * Whether a glob or a folder has this file. Then an authority among them is only a warning, and a private key that git ignores is
   * not reported. By default, each file is taken as named on purpose.
   */
  readonly matched?: (path: string) => boolean;
  /** Keeps the files that were read, for `identify`. */
  readonly files?: CertificateFiles;
}

/**
 * Sorts certificate files into devices, by id. The slot of a file is the word `primary` or `secondary` in its name (without the
 * id), or else the name of its folder. Files without such a word fill the free slots: the newest are taken, the older first,
 * because the device carries the older one now.
 * A file that cannot be a device's certificate, or that finds no slot, gives a finding and is left out.
 */
export async function pairCertificates(
  paths: readonly string[],
  workspace: Workspace,
  options: PairOptions = {},
): Promise<Judged<readonly CertificatePair[]>> {
  const { placeOf = (file) => ({ file, line: 1, column: 1 }) } = options;
  const { value: certificates, findings: unread } = await openAll(paths, workspace, placeOf, options);
  const findings: Finding[] = [...unread];
  const byId = new Map<DeviceId, Certificate[]>();
  const issuedBy = issuers(certificates);
  const leftOut = new Set<string>();
  for (const certificate of certificates) {
    const { path, thumbprints } = certificate;
    const subject = { place: placeOf(path) };
    const issued = issuedBy(certificate);
    const owner =
      issued === undefined && mayBeDevices(certificate)
        ? ownerOf(certificate, subject)
        : authorityFinding(path, issued, subject, options);
    if (typeof owner !== 'string') {
      // One certificate in several files is told once.
      if (!leftOut.has(thumbprints.sha256)) findings.push(owner);
      leftOut.add(thumbprints.sha256);
    } else {
      const others = byId.get(owner);
      if (others === undefined) byId.set(owner, [certificate]);
      else others.push(certificate);
    }
  }
  const pairs = [...byId].map(([id, certificates]): CertificatePair => {
    const candidates = candidatesAmong(certificates);
    const sorted = pathsOf(sortIntoSlots(candidates));
    const taken = Object.values(sorted);
    for (const { path } of candidates.map(({ certificate }) => certificate)) {
      if (taken.includes(path)) continue;
      findings.push(finding('certificate/no-free-slot', { path, id, taken }, { place: placeOf(path), device: id }));
    }
    return { id, certificates: sorted };
  });
  return { value: pairs.sort((a, b) => (a.id < b.id ? -1 : 1)), findings };
}

/** Opens the certificate files in the order of their paths. */
async function openAll(
  paths: readonly string[],
  workspace: Workspace,
  placeOf: (path: string) => Place,
  { matched = () => false, files = noFiles() }: PairOptions,
): Promise<Judged<readonly Certificate[]>> {
  const certificates: Certificate[] = [];
  const refused = new Map<string, Finding>();
  const keys: string[] = [];
  for (const path of [...paths].sort()) {
    const { value: opened, findings } = await guardedLater(
      async () => ({ value: await openCertificate(path, workspace, files), findings: [] }),
      () => ({ place: placeOf(path) }),
    );
    for (const one of findings) refused.set(path, one);
    if (opened === undefined) continue;
    if ('certificate' in opened) certificates.push(opened.certificate);
    else refused.set(path, opened.refuse({ place: placeOf(path) }));
    if ('privateKey' in opened && matched(path)) keys.push(path);
  }
  if (keys.length > 0) for (const path of await workspace.ignored(keys)) refused.delete(path);
  return { value: certificates, findings: [...refused.values()] };
}

function authorityFinding(
  path: string,
  issued: string | undefined,
  subject: Subject,
  { matched = () => false }: PairOptions,
): Finding {
  if (issued !== undefined && !matched(path)) return finding('certificate/signing-key', { path, issued }, subject);
  return finding('certificate/authority-left-out', { path, ...(issued === undefined ? {} : { issued }) }, subject);
}

/** Returns the device that the certificate belongs to, or a finding if it cannot belong to any. */
function ownerOf({ path, commonNames }: Certificate, subject: Subject): DeviceId | Finding {
  const [name, ...others] = commonNames;
  if (name === undefined || others.length > 0) {
    return finding('certificate/names-no-device', { path, commonNames }, subject);
  }
  if (isDeviceId(name)) return name;
  return finding('device/id-characters', { id: name, problem: { commonNameOf: path } }, subject);
}

/** A certificate, the file of it that is taken, and the slot that its files name. */
interface Candidate {
  readonly certificate: Certificate;
  readonly slot: Slot | undefined;
}

/**
 * One certificate in several files is one candidate: certGen.sh of Azure/iotedge writes each alone and with its chain. The file with
 * the longest sound chain is taken. Only files that name both slots make two, as the names say.
 */
function candidatesAmong(certificates: readonly Certificate[]): readonly Candidate[] {
  const copies = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    const others = copies.get(certificate.thumbprints.sha256);
    if (others === undefined) copies.set(certificate.thumbprints.sha256, [certificate]);
    else others.push(certificate);
  }
  return [...copies.values()].flatMap((files) => {
    const named = slots.filter((slot) => files.some((file) => slotOf(file) === slot));
    if (named.length < 2) return candidate(files, named[0]);
    return named.flatMap((slot) =>
      candidate(
        files.filter((file) => slotOf(file) === slot),
        slot,
      ),
    );
  });
}

function candidate(files: readonly Certificate[], slot: Slot | undefined): readonly Candidate[] {
  const [certificate] = [...files].sort((a, b) => chainLength(b) - chainLength(a));
  return certificate === undefined ? [] : [{ certificate, slot }];
}

function chainLength({ chain }: Certificate): number {
  const sound = chain?.faults.every(({ kind }) => kind === 'repeated') ?? false;
  return sound ? (chain?.issuers.length ?? 0) : 0;
}

function sortIntoSlots(candidates: readonly Candidate[]): BySlot<Certificate> {
  const sorted: { [S in Slot]?: Certificate } = {};
  for (const slot of slots) {
    const named = candidates.find((one) => one.slot === slot);
    if (named !== undefined) sorted[slot] = named.certificate;
  }
  const free = slots.filter((slot) => sorted[slot] === undefined);
  const unnamed = candidates
    .filter(({ slot }) => slot === undefined)
    .map(({ certificate }) => certificate)
    .sort((a, b) => a.notBefore.getTime() - b.notBefore.getTime());
  const newest = unnamed.slice(-free.length);
  for (const [index, slot] of free.entries()) {
    const certificate = newest[index];
    if (certificate !== undefined) sorted[slot] = certificate;
  }
  return sorted;
}

/** Returns the slot in the file's name, without the id in it, or else the nearest folder named `primary` or `secondary`. */
function slotOf({ path, commonNames: [id = ''] }: Certificate): Slot | undefined {
  const { dir, name } = posix.parse(path);
  const words = new Set(wordsOf(withoutId(name, id)));
  const said = slots.filter((slot) => words.has(slot));
  if (said.length === 1) return said[0];
  const folders = dir.toLowerCase().split('/').reverse();
  return slots.find((slot) => slot === folders.find((folder) => slots.some((one) => one === folder)));
}

function pathsOf({ primary, secondary }: BySlot<Certificate>): BySlot<string> {
  return {
    ...(primary === undefined ? {} : { primary: primary.path }),
    ...(secondary === undefined ? {} : { secondary: secondary.path }),
  };
}
