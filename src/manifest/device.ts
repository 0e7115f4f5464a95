import type { Finding, Judged, Place, Subject } from '../model/finding.ts';
import {
  type BySlot,
  type ContainerOs,
  type Device,
  type DeviceIdentity,
  isDeviceId,
  type Platform,
  type Runtime,
  type Slot,
  slots,
  type ThumbprintAlgorithm,
} from '../model/fleet.ts';
import { type HubName, nameForDevices, readHubName } from '../model/hub-name.ts';
import type { ForEachName } from '../model/setting-key.ts';
import type { IdProblem } from '../rules/device.ts';
import { finding } from '../rules/rules.ts';
import { incompleteConfig, readConfig } from './config.ts';
import { at, type Node, placeOf } from './node.ts';
import { tagFindings } from './tags.ts';
import { oneOf, optional, present, textOf, ValueReader } from './values.ts';

const longestCommonName = 64; // RFC 5280, appendix A.1: ub-common-name

/**
 * Reads one device from its merged node. There is no device if its id or its runtime is missing or invalid. The schema
 * has checked the node before.
 * @param folder the manifest's folder, relative to the workspace: certificate paths start there
 * @param hub the manifest's own hub, for devices that name none
 */
export function readDevice(merged: Node, folder: string, hub: Node | undefined): Judged<Device | undefined> {
  const read = new ValueReader(merged);
  const id = read.id;
  const findings = [...idFindings(id, read.place('id'))];
  const runtime = readRuntime(read);
  if (runtime === undefined) findings.push(missingRuntime(read));
  findings.push(...incompleteConfig(read), ...tagFindings(read));
  if (!isDeviceId(id) || runtime === undefined) return { value: undefined, findings };
  const hubFromTop = at(merged, ['hub']) === undefined && hub !== undefined;
  const place = (key: string) => (key === 'hub' && hubFromTop ? placeOf(hub) : read.place(key));
  const ofHub = readHub(read.text('hub') ?? textOf(hub), () => ({ place: place('hub'), device: id }));
  findings.push(...ofHub.findings);
  const device: Device = {
    id,
    ...optional('hub', ofHub.value?.hub),
    ...(ofHub.value?.form === 'device' ? { hubForm: 'device' } : {}),
    certificates: bySlot((slot) => read.path(`certificates.${slot}`, folder)),
    thumbprints: bySlot((slot) => read.text(`thumbprints.${slot}`)),
    thumbprintAlgorithm: oneOf<ThumbprintAlgorithm>(read.text('thumbprintAlgorithm'), ['sha1', 'sha256']) ?? 'sha256',
    ...optional('status', oneOf<'enabled' | 'disabled'>(read.text('status'), ['enabled', 'disabled'])),
    ...optional('statusReason', read.text('statusReason')),
    ...optional('parent', read.text('parent')),
    ...optional('tags', read.json('tags')),
    runtime,
    identity: readIdentity(read),
    config: readConfig(read, folder),
    place,
  };
  return { value: device, findings };
}

/** Reads the host name of the hub. A name without its domain is read as the one that is probably meant, so that the rest is judged too. */
function readHub(given: string | undefined, subject: () => Subject): Judged<HubName | undefined> {
  const read = given === undefined ? undefined : readHubName(given);
  switch (read?.kind) {
    case 'hub':
      return { value: read, findings: read.form === 'service' ? [serviceName(read, subject())] : [] };
    case 'no-domain': {
      const details = { given: given ?? '', meant: read.meant.hub };
      return { value: read.meant, findings: [finding('hub/no-domain', details, subject())] };
    }
    case 'not-a-host': {
      const details = { key: 'hub', expected: "a hub's host name", found: JSON.stringify(given) };
      return { value: undefined, findings: [finding('manifest/type', details, subject())] };
    }
    case undefined:
      return { value: undefined, findings: [] };
  }
}

function serviceName({ hub, endpoint }: HubName, subject: Subject): Finding {
  const details = { given: endpoint, classic: hub, device: nameForDevices(hub, 'device') };
  return finding('hub/service-name', details, subject);
}

/** Most devices of a large fleet have no `identity`. They share this one to save memory. */
const usual: DeviceIdentity = { slot: 'primary' };

function readIdentity(read: ValueReader): DeviceIdentity {
  if (!read.has('identity')) return usual;
  return present({
    slot: oneOf<Slot>(read.text('identity.slot'), slots) ?? 'primary',
    certificate: read.text('identity.certificate'),
    privateKey: read.text('identity.privateKey'),
    pinFrom: read.text('identity.pinFrom'),
  } satisfies ForEachName<'identity'>);
}

function* idFindings(id: string, place: Place): Generator<Finding> {
  const subject = { place, device: id };
  if (!isDeviceId(id)) {
    yield finding('device/id-characters', { id: id.slice(0, 140), problem: idProblem(id) }, subject);
  } else if (/^\d(?:[.,]\d+)?E\+\d{2,3}$/i.test(id)) {
    yield finding('device/id-shortened', { id }, subject);
  } else if (id.length > longestCommonName) {
    yield finding('device/id-too-long-for-cn', { id, length: id.length }, subject);
  }
}

function idProblem(id: string): IdProblem {
  if (id === '') return 'empty';
  if (id.length > 128) return { length: id.length };
  const [character = ''] = [...id].filter((c) => !isDeviceId(c));
  return { character };
}

function readRuntime(read: ValueReader): Runtime | undefined {
  const [text, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(read.text('runtime.version') ?? '') ?? [];
  const platform = oneOf<Platform>(read.text('runtime.platform'), ['debian', 'linux', 'windows']);
  if (text === undefined || platform === undefined) return undefined;
  const version = {
    text,
    major: Number(major),
    minor: Number(minor),
    ...(patch === undefined ? {} : { patch: Number(patch) }),
  };
  return present({
    version,
    platform,
    containerOs: oneOf<ContainerOs>(read.text('runtime.containerOs'), ['linux', 'windows']),
    securityDaemonScript: read.text('runtime.securityDaemonScript'),
  } satisfies ForEachName<'runtime'>);
}

function missingRuntime(read: ValueReader): Finding {
  const absent = ['runtime.version', 'runtime.platform'].filter((key) => read.text(key) === undefined);
  const details = { problem: 'no-runtime', key: absent.join(' and ') } as const;
  return finding('manifest/type', details, { place: read.place('id'), device: read.id });
}

function bySlot(value: (slot: Slot) => string | undefined): BySlot<string> {
  const [primary, secondary] = [value('primary'), value('secondary')];
  if (primary === undefined && secondary === undefined) return neither;
  return { ...optional('primary', primary), ...optional('secondary', secondary) };
}

const neither: BySlot<string> = {};
