import { X509Certificate } from 'node:crypto';
import { posix } from 'node:path';
import type { Finding, Judged, Place, Subject } from '../model/finding.ts';
import { type BySlot, type DeviceId, fileNameOf, isDeviceId, type Slot, slots } from '../model/fleet.ts';
import type { Certificate, CertificatePair } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { guardedLater } from '../rules/guarded.ts';
import { finding } from '../rules/rules.ts';
import { type CertificateFiles, noFiles, openCertificate } from './identify.ts';

/** Where the files come from. */
export interface PairOptions {
  /** The place of a finding about a file: the value of the manifest that matched it. By default the start of the file itself. */
  readonly placeOf?: (path: string) => Place;
  /**
   * Whether a glob matched the files. Then an authority among them is only a notice, and private keys that git ignores are not
   * reported. By default, each file is taken as named on purpose.
   */
  readonly matched?: boolean;
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
  const authorities = authoritiesAmong(certificates);
  for (const certificate of certificates) {
    const subject = { place: placeOf(certificate.path) };
    const owner = authorities.has(certificate)
      ? authorityFinding(certificate, subject, options)
      : ownerOf(certificate, subject);
    if (typeof owner !== 'string') findings.push(owner);
    else {
      const others = byId.get(owner);
      if (others === undefined) byId.set(owner, [certificate]);
      else others.push(certificate);
    }
  }
  const pairs = [...byId].map(([id, certificates]): CertificatePair => {
    const sorted = pathsOf(sortIntoSlots(certificates));
    const taken = Object.values(sorted);
    for (const { path } of certificates) {
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
  { matched = false, files = noFiles() }: PairOptions,
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
    if ('privateKey' in opened) keys.push(path);
  }
  if (matched && keys.length > 0) for (const path of await workspace.ignored(keys)) refused.delete(path);
  return { value: certificates, findings: [...refused.values()] };
}

/**
 * Returns the certificates that may sign others. A certificate that only says CA:TRUE counts if it has issued another one:
 * `openssl req -x509` makes such certificates for devices and roots alike.
 */
function authoritiesAmong(certificates: readonly Certificate[]): ReadonlySet<Certificate> {
  const authorities = new Set(certificates.filter(({ authority }) => authority === 'signing-key'));
  const doubtful = certificates.filter(({ authority }) => authority === 'is-ca');
  if (doubtful.length > 0 && doubtful.length < certificates.length) {
    // The PEM begins with the leaf.
    const issuers = new Set(
      certificates.filter((c) => c.authority === 'none').map(({ pem }) => new X509Certificate(pem).issuer),
    );
    for (const one of doubtful) if (issuers.has(new X509Certificate(one.pem).subject)) authorities.add(one);
  }
  return authorities;
}

function authorityFinding({ path }: Certificate, subject: Subject, { matched = false }: PairOptions): Finding {
  return finding(matched ? 'certificate/authority-left-out' : 'certificate/signing-key', { path }, subject);
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

function sortIntoSlots(certificates: readonly Certificate[]): BySlot<Certificate> {
  const sorted: { [S in Slot]?: Certificate } = {};
  for (const slot of slots) {
    const named = certificates.find((one) => slotOf(one) === slot);
    if (named !== undefined) sorted[slot] = named;
  }
  const free = slots.filter((slot) => sorted[slot] === undefined);
  const unnamed = certificates
    .filter((one) => slotOf(one) === undefined)
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

/** Removes the id, so that a device `primary-pump` does not count as primary. File names have some characters of an id percent-encoded. */
function withoutId(name: string, id: string): string {
  const at = [fileNameOf(id), id].flatMap((text) => {
    const start = name.toLowerCase().indexOf(text.toLowerCase());
    const around = name.charAt(start - 1) + name.charAt(start + text.length);
    return start === -1 || /[A-Za-z0-9]/.test(around) ? [] : [{ start, end: start + text.length }];
  });
  const [found] = at;
  return found === undefined ? name : `${name.slice(0, found.start)}-${name.slice(found.end)}`;
}

/** `Edge7Secondary_new` → edge, secondary, new. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
}

function pathsOf({ primary, secondary }: BySlot<Certificate>): BySlot<string> {
  return {
    ...(primary === undefined ? {} : { primary: primary.path }),
    ...(secondary === undefined ? {} : { secondary: secondary.path }),
  };
}
