import { type Finding, failing, type Judged, type Subject, weighed } from '../model/finding.ts';
import { type BySlot, type Device, type Slot, slots } from '../model/fleet.ts';
import { type Certificate, type Identity, sameThumbprint, type Thumbprint } from '../model/identity.ts';
import type { Unread, Workspace } from '../model/workspace.ts';
import { guardedLater } from '../rules/guarded.ts';
import { FindingsOnce } from '../rules/once.ts';
import { finding } from '../rules/rules.ts';
import { issuers } from './authorities.ts';
import { largestCertificate, readCertificate } from './certificate.ts';
import type { ChainCache } from './chain.ts';
import { type JudgeOptions, judgeCertificate } from './judge.ts';
import { claim, type Owners } from './sharing.ts';
import { judgeGiven, normaliseThumbprint } from './thumbprint.ts';

/**
 * Reads and judges the certificates of the devices, and chooses the thumbprints to register.
 * A device with an error gives no identity. The others keep their order. Each file is read once.
 * @param files the files that were read before
 * @param counted is told how far it is
 */
export async function identify(
  devices: readonly Device[],
  workspace: Workspace,
  options: JudgeOptions,
  files: CertificateFiles = noFiles(),
  counted: Counted = () => {},
): Promise<Judged<readonly Identity[]>> {
  const identities: Identity[] = [];
  const findings = new FindingsOnce();
  const owners: Owners = new Map();
  const issuedBy = issuers(await certificatesAtHand(devices, workspace, files, counted));
  for (const [index, device] of devices.entries()) {
    counted(counting.devices, index, devices.length);
    const one = await guardedLater(
      () => identifyOne(device, owners, workspace, files, { issuedBy, ...options }),
      () => subjectOf(device, 'id'),
    );
    findings.add(one.findings);
    if (one.value !== undefined) identities.push(one.value);
  }
  return { value: identities, findings: findings.all };
}

type Counted = (what: string, done: number, total: number) => void;

/** What is counted: the devices whose certificates are read, and those that are judged. */
const counting = { certificates: 'reading the certificates of devices', devices: 'checking devices' };

/**
 * Returns the devices of an earlier commit with the thumbprints that were registered from it. Nothing is judged: a certificate may
 * have expired since. A device without thumbprints, or whose material cannot be read, is left out: then its change is judged more strictly.
 */
export async function identifyEarlier(devices: readonly Device[], workspace: Workspace): Promise<readonly Identity[]> {
  const identities: Identity[] = [];
  const files = noFiles();
  for (const device of devices) {
    const one = await guardedLater(
      () => identifyOneEarlier(device, workspace, files),
      () => ({}),
    );
    if (one.value !== undefined) identities.push(one.value);
  }
  return identities;
}

async function identifyOneEarlier(
  device: Device,
  workspace: Workspace,
  files: CertificateFiles,
): Promise<Judged<Identity | undefined>> {
  const certificates: { [S in Slot]?: Certificate } = {};
  for (const slot of slots) {
    const path = device.certificates[slot];
    const file = path === undefined ? undefined : await openCertificate(path, workspace, files);
    if (file !== undefined && 'certificate' in file) certificates[slot] = file.certificate;
  }
  const { value: thumbprints } = chooseThumbprints(device, certificates, givenThumbprints(device).value);
  return { value: thumbprints === undefined ? undefined : { device, thumbprints, certificates }, findings: [] };
}

/** All certificates that the fleet names, and those that were read before. A fault is told later, when its device is identified. */
async function certificatesAtHand(
  devices: readonly Device[],
  workspace: Workspace,
  files: CertificateFiles,
  counted: Counted,
): Promise<readonly Certificate[]> {
  for (const [index, { certificates }] of devices.entries()) {
    counted(counting.certificates, index, devices.length);
    for (const path of Object.values(certificates))
      await openCertificate(path, workspace, files).catch(() => undefined);
  }
  return [...files.opened.values()].flatMap((file) => ('certificate' in file ? [file.certificate] : []));
}

async function identifyOne(
  device: Device,
  owners: Owners,
  workspace: Workspace,
  files: CertificateFiles,
  options: JudgeOptions,
): Promise<Judged<Identity | undefined>> {
  const fails = (found: readonly Finding[]) => failing(weighed(found, options.rules));
  const certificates = await certificatesOf(device, workspace, files, options);
  const given = givenThumbprints(device);
  const chosen = chooseThumbprints(device, certificates.value, given.value);
  const findings = [
    ...certificates.findings,
    ...given.findings,
    ...chosen.findings,
    ...sameKeyTwice(device, certificates.value),
    // A certificate with another device's name is only that fault, and not also a shared certificate.
    ...claim(owners, device, {
      certificates: fails(certificates.findings) ? {} : certificates.value,
      thumbprints: given.value,
    }),
  ];
  const value =
    chosen.value === undefined || fails(findings)
      ? undefined
      : { device, thumbprints: chosen.value, certificates: certificates.value };
  return { value, findings };
}

/** The files read so far, by path. */
export interface CertificateFiles {
  readonly opened: Map<string, Opened>;
  readonly chains: ChainCache;
}

export function noFiles(): CertificateFiles {
  return { opened: new Map(), chains: new Map() };
}

/** An opened file: its certificate, or the finding that refuses it. */
export type Opened =
  | { readonly certificate: Certificate }
  | { readonly refuse: (subject: Subject) => Finding; readonly privateKey?: true };

async function certificatesOf(
  device: Device,
  workspace: Workspace,
  files: CertificateFiles,
  options: JudgeOptions,
): Promise<Judged<BySlot<Certificate>>> {
  const findings: Finding[] = [];
  const certificates: { [S in Slot]?: Certificate } = {};
  for (const slot of slots) {
    const path = device.certificates[slot];
    if (path === undefined) continue;
    const subject = subjectOf(device, `certificates.${slot}`);
    const file = await openCertificate(path, workspace, files);
    if ('refuse' in file) findings.push(file.refuse(subject));
    else {
      certificates[slot] = file.certificate;
      findings.push(...judgeCertificate(file.certificate, { device, slot }, subject, options));
    }
  }
  return { value: certificates, findings };
}

/** Opens one certificate file of the workspace, once. Never throws. */
export async function openCertificate(path: string, workspace: Workspace, files: CertificateFiles): Promise<Opened> {
  const known = files.opened.get(path);
  if (known !== undefined) return known;
  const opened = await open(path, workspace, files.chains);
  files.opened.set(path, opened);
  return opened;
}

async function open(path: string, workspace: Workspace, chains: ChainCache): Promise<Opened> {
  const file = workspace.read(path, largestCertificate);
  if (!file.ok) return { refuse: (subject) => unopened(path, file.why, file.detail, subject) };
  const reading = await readCertificate(path, file.bytes, chains);
  switch (reading.kind) {
    case 'certificate':
      return { certificate: reading.certificate };
    case 'private-key':
      return {
        refuse: (subject) => finding('certificate/private-key-present', { path, format: reading.key.format }, subject),
        privateKey: true,
      };
    case 'unreadable':
      return { refuse: (subject) => finding('certificate/unreadable', { path, problem: reading.problem }, subject) };
  }
}

function unopened(path: string, why: Unread, detail: string, subject: Subject): Finding {
  if (why === 'missing') return finding('certificate/missing', { path }, subject);
  if (why === 'outside') return finding('certificate/outside-workspace', { path, detail }, subject);
  return finding('certificate/unreadable', { path, problem: { kind: 'unread', detail } }, subject);
}

function givenThumbprints(device: Device): Judged<BySlot<Thumbprint>> {
  const findings: Finding[] = [];
  const thumbprints: { [S in Slot]?: Thumbprint } = {};
  for (const slot of slots) {
    const given = device.thumbprints[slot];
    if (given === undefined) continue;
    const normalised = normaliseThumbprint(given);
    findings.push(...judgeGiven(normalised, device.place(`thumbprints.${slot}`), device.id));
    if (normalised.thumbprint !== undefined) thumbprints[slot] = normalised.thumbprint;
  }
  return { value: thumbprints, findings };
}

/**
 * Chooses the value of each slot: the given thumbprint, or else the one made from the certificate. A single value fills both
 * slots. Returns undefined if a slot that the manifest names has a fault of its own, which is reported elsewhere.
 */
function chooseThumbprints(
  device: Device,
  certificates: BySlot<Certificate>,
  given: BySlot<Thumbprint>,
): Judged<Identity['thumbprints'] | undefined> {
  const findings: Finding[] = slots.flatMap((slot) => mismatch(device, slot, certificates[slot], given[slot]));
  const chosen = (slot: Slot) => given[slot] ?? certificates[slot]?.thumbprints[device.thumbprintAlgorithm];
  const named = (slot: Slot) => device.thumbprints[slot] ?? device.certificates[slot];
  const primary = chosen('primary');
  const secondary = chosen('secondary');
  if (named('primary') === undefined && named('secondary') === undefined) {
    findings.push(finding('thumbprint/missing', { id: device.id }, subjectOf(device, 'thumbprints')));
  } else if (named('primary') === undefined) {
    const key = device.thumbprints.secondary === undefined ? 'certificate' : 'thumbprint';
    const subject = subjectOf(device, `${key}s.secondary`);
    findings.push(finding('thumbprint/only-secondary', { what: key }, subject));
  } else if (primary !== undefined && named('secondary') === undefined) {
    const key = device.thumbprints.primary === undefined ? 'certificates' : 'thumbprints';
    findings.push(finding('thumbprint/single', { id: device.id }, subjectOf(device, `${key}.primary`)));
    return { value: { primary, secondary: primary }, findings };
  } else if (primary !== undefined && secondary !== undefined) {
    if (primary.length !== secondary.length) {
      const key = given.secondary === undefined ? 'thumbprints.primary' : 'thumbprints.secondary';
      const details = { primary: primary.length, secondary: secondary.length };
      findings.push(finding('thumbprint/mixed-lengths', details, subjectOf(device, key)));
    }
    return { value: { primary, secondary }, findings };
  }
  return { value: undefined, findings };
}

function mismatch(
  device: Device,
  slot: Slot,
  certificate: Certificate | undefined,
  given: Thumbprint | undefined,
): readonly Finding[] {
  if (certificate === undefined || given === undefined) return [];
  const expected = certificate.thumbprints[given.length === 40 ? 'sha1' : 'sha256'];
  if (sameThumbprint(given, expected)) return [];
  const details = { slot, given, path: certificate.path, expected };
  return [finding('thumbprint/mismatch', details, subjectOf(device, `thumbprints.${slot}`))];
}

function sameKeyTwice(device: Device, { primary, secondary }: BySlot<Certificate>): readonly Finding[] {
  if (primary === undefined || primary.publicKeyDigest !== secondary?.publicKeyDigest) return [];
  const same = primary.thumbprints.sha256 === secondary.thumbprints.sha256 ? 'certificate' : 'key';
  return [finding('certificate/same-key-twice', { same }, subjectOf(device, 'certificates.secondary'))];
}

function subjectOf(device: Device, key: string): Subject {
  return { place: device.place(key), device: device.id, hub: device.hub };
}
