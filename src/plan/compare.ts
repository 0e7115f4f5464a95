import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { FieldName, Reason } from '../model/plan.ts';
import type { RegisteredDevice, Registration } from '../model/registration.ts';

/** What a new device is registered with. A device whose status the manifest leaves out starts enabled. */
export function newRegistration({ device, thumbprints }: Identity): Registration {
  return {
    id: device.id,
    thumbprints,
    status: device.status ?? 'enabled',
    ...(device.statusReason === undefined ? {} : { statusReason: device.statusReason }),
  };
}

/** What an existing device is to become: what the manifest names, and for the rest what the hub has. */
export function nextRegistration(identity: Identity, found: RegisteredDevice): Registration {
  const statusReason = identity.device.statusReason ?? found.statusReason;
  return {
    id: identity.device.id,
    thumbprints: identity.thumbprints,
    status: identity.device.status ?? found.status,
    ...(statusReason === undefined ? {} : { statusReason }),
    ...scopes(found),
  };
}

/**
 * The scopes an update sends back. A leaf device keeps its parent in `deviceScope`, an edge device in `parentScopes`,
 * where `deviceScope` is its own and made by the hub: so a leaf that becomes an edge device moves it over.
 */
function scopes(found: RegisteredDevice): Pick<Registration, 'deviceScope' | 'parentScopes'> {
  if (found.edge) {
    return {
      ...(found.deviceScope === undefined ? {} : { deviceScope: found.deviceScope }),
      ...(found.parentScopes === undefined ? {} : { parentScopes: found.parentScopes }),
    };
  }
  return found.deviceScope === undefined ? {} : { parentScopes: [found.deviceScope] };
}

/** Every field in which the hub's device is not yet what is wanted; none: nothing to write. */
export function differences(identity: Identity, found: RegisteredDevice): readonly Reason[] {
  const { device, thumbprints } = identity;
  const reasons: Reason[] = [];
  const differ = (field: FieldName, before: string | null, after: string | null, note?: string) =>
    reasons.push({ field, before, after, ...(note === undefined ? {} : { note }) });
  if (found.authentication !== 'selfSigned') differ('authentication', found.authentication, 'selfSigned');
  if (!found.edge) differ('edge', 'false', 'true');
  for (const slot of ['primary', 'secondary'] as const) {
    const before = found.thumbprints[slot];
    if (sameThumbprint(before, thumbprints[slot])) continue;
    const same = before !== undefined && sameCertificate(identity, before, thumbprints[slot]);
    differ(`${slot}Thumbprint`, before ?? null, thumbprints[slot], same ? 'same certificate, other digest' : undefined);
  }
  if (device.status !== undefined && device.status !== found.status) differ('status', found.status, device.status);
  if (device.statusReason !== undefined && device.statusReason !== (found.statusReason ?? '')) {
    differ('statusReason', found.statusReason ?? null, device.statusReason);
  }
  return reasons;
}

/** Whether someone else has moved, since it was planned, a field that an update would write; each with what it was and is. */
export function movedSince(planned: RegisteredDevice, now: RegisteredDevice): readonly Reason[] {
  const fields: readonly (readonly [FieldName, (device: RegisteredDevice) => string | null])[] = [
    ['authentication', (d) => d.authentication],
    ['edge', (d) => String(d.edge)],
    ['primaryThumbprint', (d) => d.thumbprints.primary?.toUpperCase() ?? null],
    ['secondaryThumbprint', (d) => d.thumbprints.secondary?.toUpperCase() ?? null],
    ['status', (d) => d.status],
    ['statusReason', (d) => d.statusReason ?? null],
  ];
  return fields.flatMap(([field, value]) => {
    const [before, after] = [value(planned), value(now)];
    return before === after ? [] : [{ field, before, after }];
  });
}

/** Whether two thumbprints are digests of one certificate, as far as the manifest's certificates tell. */
function sameCertificate(identity: Identity, one: string, other: string): boolean {
  return certificateName(identity, one) === certificateName(identity, other);
}

/**
 * Why writing these thumbprints would cut the device off, or undefined where it would not: of the certificates the hub
 * accepts now, none is accepted afterwards. Nobody can tell which one the device carries, so one that stays is enough.
 */
export function lockout(identity: Identity, found: RegisteredDevice): string | undefined {
  const { primary, secondary } = identity.thumbprints;
  switch (found.authentication) {
    case 'sas':
      return 'it signs in with a symmetric key now, which X.509 thumbprints replace';
    case 'certificateAuthority':
      return 'it signs in with a certificate of a registered authority now, which thumbprints replace';
    case 'none':
      return undefined;
    case 'selfSigned': {
      const accepted = [found.thumbprints.primary, found.thumbprints.secondary].filter(
        (t) => t !== undefined && t !== '',
      );
      const stays = accepted.some(
        (old) => old !== undefined && [primary, secondary].some((next) => sameCertificate(identity, old, next)),
      );
      if (accepted.length === 0 || stays) return undefined;
      return 'none of the certificates that the hub accepts now is among the new ones';
    }
  }
}

/** One name for both digests of a certificate: the SHA-256, where the manifest's certificates tell it. */
function certificateName({ certificates }: Identity, thumbprint: string): string {
  const known = [certificates.primary, certificates.secondary].find((c) =>
    sameThumbprint(c?.thumbprints.sha1, thumbprint),
  );
  return (known?.thumbprints.sha256 ?? thumbprint).toLowerCase();
}

/** `a device that is not an edge device, with symmetric keys`, or undefined for one of ours. */
export function foreignness(found: RegisteredDevice): string | undefined {
  const authentication = found.authentication === 'selfSigned' ? undefined : authenticationNames[found.authentication];
  if (found.edge && authentication === undefined) return undefined;
  const kind = found.edge ? 'an edge device' : 'a device that is not an edge device';
  return authentication === undefined ? kind : `${kind}, with ${authentication}`;
}

const authenticationNames = {
  sas: 'symmetric keys',
  certificateAuthority: 'certificates of a registered authority',
  none: 'no authentication',
} as const;
