import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { Owner } from '../model/owner.ts';
import type { FieldName, Reason, ReasonNote, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice, Registration } from '../model/registration.ts';
import type { Foreignness, Lockout } from '../rules/plan.ts';
import { parentDifference, parentScopeOf } from './parents.ts';
import { certificateNames, rotationOf } from './rotation.ts';
import { isRemoved, wantedStatus } from './status.ts';
import { initialTags } from './tags.ts';

/** Returns the registration of a new device, which gets the mark of `owner`. Without a status in the manifest it starts enabled. */
export function newRegistration(
  { device, thumbprints }: Identity,
  parent: WantedParent | undefined,
  owner: Owner | undefined,
): Registration {
  const tags = initialTags(device.tags);
  return {
    id: device.id,
    thumbprints,
    status: device.status ?? 'enabled',
    ...(device.statusReason === undefined ? {} : { statusReason: device.statusReason }),
    ...parentScopes(parent),
    ...(tags === undefined ? {} : { tags }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** Returns the next registration of an existing device: the fields of the manifest, and for the rest the fields of the hub. */
export function nextRegistration(identity: Identity, found: RegisteredDevice, parent?: WantedParent): Registration {
  return {
    id: identity.device.id,
    thumbprints: identity.thumbprints,
    ...wantedStatus(identity.device, found),
    ...scopes(found, parent),
  };
}

/**
 * Returns the scopes that an update sends. A leaf device has its parent in `deviceScope`. An edge device has its parent in
 * `parentScopes`, and its `deviceScope` is its own, made by the hub. So when a leaf becomes an edge device, its parent moves to
 * `parentScopes`.
 */
function scopes(found: RegisteredDevice, parent?: WantedParent): Pick<Registration, 'deviceScope' | 'parentScopes'> {
  const current = parentScopeOf(found);
  const kept = found.edge ? found.parentScopes : current === undefined ? undefined : [current];
  return {
    ...(found.edge && found.deviceScope !== undefined ? { deviceScope: found.deviceScope } : {}),
    ...(parent !== undefined ? parentScopes(parent) : kept === undefined ? {} : { parentScopes: kept }),
  };
}

/** An update without `parentScopes` removes the parent. */
function parentScopes(parent: WantedParent | undefined): Pick<Registration, 'parentScopes'> {
  return parent?.scope === undefined ? {} : { parentScopes: [parent.scope] };
}

/** Returns every field of the hub's device that differs from the manifest. If there is none, nothing is written. */
export function differences(
  identity: Identity,
  found: RegisteredDevice,
  parent?: WantedParent,
  before?: Identity,
): readonly Reason[] {
  const { device, thumbprints } = identity;
  const name = certificateNames(identity, before);
  const reasons: Reason[] = [];
  const differ = (field: FieldName, before: string | null, after: string | null, note?: ReasonNote) =>
    reasons.push({ field, before, after, ...(note === undefined ? {} : { note }) });
  if (found.authentication !== 'selfSigned') differ('authentication', found.authentication, 'selfSigned');
  if (!found.edge) differ('edge', 'false', 'true');
  for (const slot of ['primary', 'secondary'] as const) {
    const registered = found.thumbprints[slot];
    if (sameThumbprint(registered, thumbprints[slot])) continue;
    const same = registered !== undefined && name(registered) === name(thumbprints[slot]);
    differ(`${slot}Thumbprint`, registered ?? null, thumbprints[slot], same ? 'other-digest' : undefined);
  }
  const { status, statusReason = null } = wantedStatus(device, found);
  const back = isRemoved(found) ? 'declared-again' : undefined;
  if (status !== found.status) differ('status', found.status, status, back);
  if ((statusReason ?? '') !== (found.statusReason ?? '')) {
    differ('statusReason', found.statusReason ?? null, statusReason);
  }
  const attached = parent && parentDifference(found, parent);
  if (attached !== undefined) reasons.push(attached);
  return reasons;
}

/**
 * Returns the fields that an update would write and that another client has changed since the plan, with old and new value.
 * @param parent the parent that the manifest names. If undefined, an update sends back the current parent, so it may change
 */
export function movedSince(planned: RegisteredDevice, now: RegisteredDevice, parent?: WantedParent): readonly Reason[] {
  const fields: readonly (readonly [FieldName, (device: RegisteredDevice) => string | null])[] = [
    ['authentication', (d) => d.authentication],
    ['edge', (d) => String(d.edge)],
    ['primaryThumbprint', (d) => d.thumbprints.primary?.toUpperCase() ?? null],
    ['secondaryThumbprint', (d) => d.thumbprints.secondary?.toUpperCase() ?? null],
    ['status', (d) => d.status],
    ['statusReason', (d) => d.statusReason ?? null],
    ...(parent === undefined ? [] : [['parent', (d: RegisteredDevice) => parentScopeOf(d) ?? null] as const]),
  ];
  return fields.flatMap(([field, value]) => {
    const [before, after] = [value(planned), value(now)];
    return before === after ? [] : [{ field, before, after }];
  });
}

/**
 * Returns why writing these thumbprints would lock the device out, or undefined if it would not. A device is locked out if the hub
 * accepts none of the current certificates afterwards. If one of two stays, `carrying` judges the change.
 */
export function lockout(identity: Identity, found: RegisteredDevice, before?: Identity): Lockout | undefined {
  switch (found.authentication) {
    case 'sas':
      return 'symmetric-key';
    case 'certificateAuthority':
      return 'authority';
    case 'none':
      return undefined;
    case 'selfSigned':
      return rotationOf(identity, found, before) === 'lockout' ? 'all-certificates' : undefined;
  }
}

/** Returns what makes a device foreign, or undefined for an edge device that signs in with thumbprints. */
export function foreignness({ edge, authentication }: RegisteredDevice): Foreignness | undefined {
  return edge && authentication === 'selfSigned' ? undefined : { edge, authentication };
}
