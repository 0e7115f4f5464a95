import type { Bundle } from '../../../src/model/bundle.ts';
import { Fault } from '../../../src/model/fault.ts';
import type { Finding } from '../../../src/model/finding.ts';
import type { Device, HubHost } from '../../../src/model/fleet.ts';
import type { Certificate, Identity } from '../../../src/model/identity.ts';
import type { Change, DeviceOutcome, Reason, Rotation } from '../../../src/model/plan.ts';
import type { Report } from '../../../src/model/report.ts';
import { deviceOf } from '../../bundle/material.ts';
import { digest, found, hostOf, idOf, ours, twinOf } from '../../plan/devices.ts';
import { reportOf } from '../reports.ts';

/** The time of these reports. */
export const at = new Date('2026-11-28T09:30:00Z');
const day = 86_400_000;

const plants = ['hamburg', 'lyon', 'osaka', 'turin'];
const machines = ['press', 'mill', 'lathe', 'paint', 'pack'];

export interface Shape {
  readonly count: number;
  /** What happens to a device, by its index. If absent, nothing happens to it. */
  readonly happens?: (index: number) => 'create' | 'staging' | 'tags' | 'blocked' | 'delete' | undefined;
  readonly hubs?: readonly string[];
  /** How a text of the manifest is written, by what it is. */
  readonly text?: (usual: string) => string;
}

/** Devices of four plants, each plant with a gateway, whose certificates end over two years. */
export function fleetOf({ count, happens = () => undefined, hubs = ['contoso'], text = (usual) => usual }: Shape) {
  const hosts = hubs.map((name) => hostOf(`${name}.azure-devices.net`));
  const identities = Array.from({ length: count }, (_, index) => identityAt(index, hosts, text));
  const changes = identities.map((identity, index) => changeOf(identity, happens(index), text));
  const devices = identities.map(({ device }) => device);
  const bundles = devices.map((device) => bundleOf(device));
  return { changes, fleet: { at, expiryWarningDays: 30, devices, identities, bundles } };
}

function identityAt(index: number, hubs: readonly HubHost[], text: (usual: string) => string): Identity {
  const plant = index % plants.length;
  const isGateway = index < plants.length;
  const hub = hubs[plant % hubs.length]!;
  const id = isGateway
    ? `${plants[plant]}-gateway`
    : `${plants[plant]}-${machines[index % 5]}-${String(index).padStart(3, '0')}`;
  const version = index % 3 === 0 ? '1.6' : '1.5';
  const device: Device = {
    ...deviceOf({
      id,
      hub,
      version,
      line: 10 + index * 2,
      ...(isGateway ? {} : { parent: `${plants[plant]}-gateway` }),
    }),
    ...(index % 9 === 8 ? { status: 'disabled' as const, statusReason: text('awaiting repair') } : {}),
  };
  // Rings of devices are renewed together. The secondary certificate ends half a year after the primary one.
  const ring = Math.floor((index * 7919) % 11);
  const end = 18 + ring * 47 + (index % 5) * 3;
  const certificates = {
    primary: certificateOf(id, 'primary', end, text),
    secondary: certificateOf(id, 'secondary', end + 182, text),
  };
  const thumbprints = {
    primary: certificates.primary.thumbprints.sha256,
    secondary: certificates.secondary.thumbprints.sha256,
  };
  return { device, thumbprints, certificates };
}

function certificateOf(id: string, slot: string, end: number, text: (usual: string) => string): Certificate {
  return {
    path: text(`certs/${id}-${slot}.pem`),
    commonNames: [id],
    thumbprints: { sha1: digest(`${id} ${slot}`), sha256: digest(`${id} ${slot}`, 'sha256') },
    notBefore: new Date(at.getTime() + (end - 365) * day),
    notAfter: new Date(at.getTime() + end * day),
    key: { type: 'ec', name: 'P-256' },
    publicKeyDigest: '',
    authority: 'none',
    chain: { issuers: [{ subject: text('O=Contoso, CN=Plant CA 2'), notBefore: at, notAfter: at }], faults: [] },
    pem: '',
  };
}

function changeOf(
  identity: Identity,
  what: ReturnType<NonNullable<Shape['happens']>>,
  text: (usual: string) => string,
): Change {
  const { device, thumbprints } = identity;
  const { id, hub } = device;
  if (hub === undefined) throw new Error('no hub');
  const base = { id, hub, identity, ...(device.parent === undefined ? {} : { parent: { id: idOf(device.parent) } }) };
  const registration = { id, thumbprints, status: 'enabled' as const };
  const inHub = found({
    id,
    thumbprints,
    status: device.status ?? 'enabled',
    twin: twinOf(ours),
    deviceScope: `ms-azure-iot-edge://${id}-1`,
  });
  const old = digest(`${id} old`, 'sha256');
  const updated = (reasons: readonly Reason[], rotation?: Rotation): Change => ({
    ...base,
    kind: 'update',
    registration,
    registers: true,
    found: inHub,
    reasons,
    ...(rotation === undefined ? {} : { rotation }),
  });
  switch (what) {
    case 'create':
      return { ...base, kind: 'create', registration };
    case 'staging':
      return updated([{ field: 'secondaryThumbprint', before: old, after: thumbprints.secondary }], 'staging');
    case 'tags':
      return updated([
        { field: 'tags.site', before: null, after: JSON.stringify(text('hall 4')) },
        { field: 'tags.line', before: '"7"', after: JSON.stringify(text('8')) },
      ]);
    case 'blocked': {
      const reasons: readonly Reason[] = [
        { field: 'primaryThumbprint', before: old, after: thumbprints.primary },
        { field: 'secondaryThumbprint', before: digest(`${id} older`, 'sha256'), after: thumbprints.secondary },
      ];
      return { ...base, kind: 'blocked', found: inHub, reasons, rotation: 'lockout' };
    }
    case 'delete':
      return { kind: 'delete', id, hub, owner: ours, found: inHub, reasons: [] };
    default:
      return { ...base, kind: 'unchanged', found: inHub };
  }
}

function bundleOf({ id, hub }: Device): Bundle {
  const text = [
    `hostname = "${id}.plant.example"`,
    '',
    '[provisioning]',
    'source = "manual"',
    `iothub_hostname = "${hub}"`,
    `device_id = "${id}"`,
    '',
    '[provisioning.authentication]',
    'method = "x509"',
    'identity_cert = "file:///etc/aziot/provisioned/identity-certificate.pem"',
    'identity_pk = "file:///etc/aziot/provisioned/identity.key.pem"',
    '',
    '[agent]',
    'name = "edgeAgent"',
    'type = "docker"',
    '',
    '[agent.config]',
    'image = "mcr.microsoft.com/azureiotedge-agent:1.5"',
    '',
  ].join('\n');
  return { device: id, hub, directory: id, artifact: `iot-edge-${id}`, files: [{ name: 'config.toml', text }] };
}

const expiry = (ids: readonly string[], days: number, line: number): Finding => ({
  rule: 'certificate/expires-soon',
  severity: 'warning',
  message: `the primary certificate ends in ${days} days, on 2026-12-16`,
  remedy:
    'Issue the next certificate, put it into the secondary slot, and bring it to the device before this one ends.',
  place: { file: 'devices.yaml', line, column: 7 },
  ...(ids.length === 1 ? { device: ids[0]! } : { devices: ids }),
});

const notice: Finding = {
  rule: 'runtime/out-of-support',
  severity: 'notice',
  message: 'IoT Edge 1.5 is out of support since 2026-11-10',
  remedy: 'Plan an update to 1.6.',
  place: { file: 'devices.yaml', line: 6, column: 14 },
};

/** A pull request that adds devices, stages certificates and would cut one device off. */
export function planned(): Report {
  const happens = (index: number) =>
    index === 12
      ? 'blocked'
      : index > 20
        ? 'create'
        : [5, 9, 13].includes(index)
          ? 'staging'
          : index === 7
            ? 'tags'
            : undefined;
  const { changes, fleet } = fleetOf({ count: 24, happens });
  const blocked = changes[12]!;
  const { id } = blocked;
  const lockout: Finding = {
    rule: 'plan/lockout',
    severity: 'error',
    message: `"${id}" would lose both certificates that the hub accepts, and it carries neither of the new ones yet`,
    remedy: 'Keep one of the old certificates until the device has a new one, or set allow-lockout if it already has.',
    place: { file: 'devices.yaml', line: 34, column: 5 },
    device: id,
    hub: blocked.hub,
  };
  const soon = fleet.devices.filter((_, index) => index % 11 === 0).map((device) => device.id);
  return reportOf({
    command: 'plan',
    result: 'invalid',
    devices: 24,
    changes,
    fleet,
    owner: ours,
    findings: [lockout, expiry(soon, 18, 10), notice],
  });
}

/** A pull request without faults. */
export function plannedWell(): Report {
  const report = planned();
  const changes = report.changes.map(
    (change): Change => (change.kind === 'blocked' ? { ...change, kind: 'unchanged' } : change),
  );
  return { ...report, result: 'changes', changes, findings: report.findings.slice(1) };
}

/** An apply in which the hub refused some devices. */
export function failedApply(): Report {
  const happens = (index: number) => (index % 6 === 5 ? 'create' : index % 5 === 4 ? 'staging' : undefined);
  const { changes, fleet } = fleetOf({ count: 40, happens, hubs: ['contoso', 'fabrikam'] });
  const outcomes = changes.map(({ id, hub, kind }, index): DeviceOutcome => {
    if (kind === 'unchanged') return { device: id, hub, result: 'unchanged' };
    if (index === 11) return { device: id, hub, result: 'unknown', reason: 'the hub gave no answer within 30 s' };
    if (index % 4 === 1)
      return {
        device: id,
        hub,
        result: 'failed',
        reason: 'the hub has no room for more devices (DeviceMaximumQueueDepthExceeded)',
      };
    return { device: id, hub, result: kind === 'create' ? 'created' : 'updated' };
  });
  const faults = [
    new Fault(
      'fabrikam.azure-devices.net: the hub throttled the run for 10 minutes',
      'Give hub-capacity the size of the hub, and run apply again.',
    ),
  ];
  return reportOf({ command: 'apply', result: 'partial', devices: 40, changes, outcomes, fleet, owner: ours, faults });
}

/** A verify that found differences. */
export function drifted(): Report {
  const happens = (index: number) =>
    [6, 7, 18].includes(index) ? 'tags' : index === 11 ? 'create' : index === 25 ? 'staging' : undefined;
  const { changes, fleet } = fleetOf({ count: 60, happens });
  const soon = fleet.devices.filter((_, index) => index % 11 === 0).map((device) => device.id);
  return reportOf({
    command: 'verify',
    result: 'drift',
    devices: 60,
    changes,
    fleet,
    owner: ours,
    findings: [expiry(soon, 18, 10), notice],
  });
}

/** A plan of a large fleet. */
export function large(
  count: number,
  happens: Shape['happens'] = (index) => (index % 40 === 39 ? 'staging' : undefined),
): Report {
  const { changes, fleet } = fleetOf({ count, happens, hubs: ['contoso', 'fabrikam'] });
  const soon = fleet.devices.filter((_, index) => index % 11 === 0).map((device) => device.id);
  return reportOf({
    command: 'plan',
    result: 'changes',
    devices: count,
    changes,
    fleet,
    owner: ours,
    findings: [expiry(soon, 18, 10), notice],
  });
}
