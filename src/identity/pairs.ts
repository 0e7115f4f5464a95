import { posix } from 'node:path';
import type { Finding, Judged, Subject } from '../model/finding.ts';
import { type BySlot, type DeviceId, isDeviceId, type Slot, slots } from '../model/fleet.ts';
import type { Certificate } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import type { ChainCache } from './certificate.ts';
import { openCertificate } from './identify.ts';

/** Names that certificate files usually have. */
export const certificateExtensions: readonly string[] = ['.pem', '.cer', '.crt', '.der'];

/** A device as its certificates tell it: the common name they share, and the file of each slot. */
export interface CertificatePair {
  readonly id: DeviceId;
  readonly certificates: BySlot<string>;
}

/**
 * Sorts certificate files into devices, by id. A file is primary or secondary as its name says, else its folder's; of those
 * that do not say, the newest fill the free slots, the older one first: it is the one that the device carries now.
 * What cannot be a device's certificate, and what finds no slot, is a finding and left out.
 */
export async function pairCertificates(
  paths: readonly string[],
  workspace: Workspace,
): Promise<Judged<readonly CertificatePair[]>> {
  const findings: Finding[] = [];
  const byId = new Map<DeviceId, Certificate[]>();
  const chains: ChainCache = new Map();
  for (const path of [...paths].sort()) {
    const subject = { place: { file: path, line: 1, column: 1 } };
    const opened = await openCertificate(path, workspace, chains);
    const owner = 'refuse' in opened ? opened.refuse(subject) : ownerOf(opened.certificate, subject);
    if (typeof owner !== 'string') findings.push(owner);
    else if ('certificate' in opened) byId.set(owner, [...(byId.get(owner) ?? []), opened.certificate]);
  }
  const pairs = [...byId].map(([id, certificates]) => {
    const sorted = sortIntoSlots(certificates);
    const first = sorted.primary?.path ?? sorted.secondary?.path ?? '';
    for (const { path } of certificates) {
      if (path === sorted.primary?.path || path === sorted.secondary?.path) continue;
      const subject = { place: { file: path, line: 1, column: 1 }, device: id };
      findings.push(finding('device/duplicate', { id, first }, subject));
    }
    return { id, certificates: pathsOf(sorted) };
  });
  return { value: pairs.sort((a, b) => (a.id < b.id ? -1 : 1)), findings };
}

/** The device that the certificate belongs to, or why it can be none's. */
function ownerOf({ path, authority, commonNames }: Certificate, subject: Subject): DeviceId | Finding {
  if (authority === 'signing-key') return finding('certificate/signing-key', { path }, subject);
  const [name, ...others] = commonNames;
  if (name === undefined) return finding('certificate/no-cn', { path, id: nameWithoutSlot(path) }, subject);
  if (others.length > 0) return finding('certificate/cn-mismatch', { path, commonNames, id: name }, subject);
  if (isDeviceId(name)) return name;
  return finding('device/id-characters', { id: name, problem: `is the common name of ${path}` }, subject);
}

function sortIntoSlots(certificates: readonly Certificate[]): BySlot<Certificate> {
  const sorted: { [S in Slot]?: Certificate } = {};
  for (const slot of slots) {
    const named = certificates.find(({ path }) => slotOf(path) === slot);
    if (named !== undefined) sorted[slot] = named;
  }
  const free = slots.filter((slot) => sorted[slot] === undefined);
  const unnamed = certificates
    .filter(({ path }) => slotOf(path) === undefined)
    .sort((a, b) => a.notBefore.getTime() - b.notBefore.getTime());
  const newest = unnamed.slice(-free.length);
  for (const [index, slot] of free.entries()) {
    const certificate = newest[index];
    if (certificate !== undefined) sorted[slot] = certificate;
  }
  return sorted;
}

/** What the nearest part of the path says. */
function slotOf(path: string): Slot | undefined {
  for (const part of path.toLowerCase().split('/').reverse()) {
    const said = slots.filter((slot) => part.includes(slot));
    if (said.length === 1) return said[0];
  }
  return undefined;
}

function nameWithoutSlot(path: string): string {
  return posix.parse(path).name.replace(/[-_.](primary|secondary).*$/i, '');
}

function pathsOf({ primary, secondary }: BySlot<Certificate>): BySlot<string> {
  return {
    ...(primary === undefined ? {} : { primary: primary.path }),
    ...(secondary === undefined ? {} : { secondary: secondary.path }),
  };
}
