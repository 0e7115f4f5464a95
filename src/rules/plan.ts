import type { Slot } from '../model/fleet.ts';
import { describeReason, type NamedChange } from '../model/reasons.ts';
import type { AuthenticationType } from '../model/registration.ts';
import { rule } from './rule.ts';
import { cutOff, manifest, nobody, owner, secret, workflow } from './sources.ts';

/** Why a change would lock a device out: it loses its symmetric key, its authority's certificates, or all its certificates. */
export type Lockout = 'symmetric-key' | 'authority' | 'all-certificates';

/**
 * How a change would cut off a device that the hub accepts with two certificates. `known`: the commit before says that the device
 * carries the certificate of `slot`, and the change drops it. `unknown`: the new configuration carries the certificate of `slot`,
 * which the hub does not accept yet, and the change drops one that the device may carry. `staged`: the hub accepts the certificate
 * that the new configuration carries.
 */
export interface CarriedLoss {
  readonly carried: 'known' | 'unknown';
  readonly slot: Slot;
  readonly staged: boolean;
}

/** The certificate of `slot` came onto the branch at `staged`, and the device was last `active` before: milliseconds since 1970. */
export interface MissedStaging {
  readonly slot: Slot;
  readonly active: number;
  readonly staged: number;
}

/** What makes a device in the hub foreign: it is not an edge device, or it does not sign in with thumbprints. */
export interface Foreignness {
  readonly edge: boolean;
  readonly authentication: AuthenticationType;
}

/** The repository that owns a device. Undefined if the text of its mark is not one that a run writes. */
export interface OtherOwner {
  readonly owner: string | undefined;
}

/** One difference between the plan of the file (`was`) and the current one (`now`). */
export type Difference =
  | { readonly kind: 'new-device'; readonly now: DeviceChange }
  | { readonly kind: 'undeclared-device'; readonly was: DeviceChange }
  /** The two changes are of different kinds, and one of them removes the device. */
  | { readonly kind: 'other-change'; readonly was: DeviceChange; readonly now: DeviceChange }
  /** The plan of the file updates the device; it would now be created. */
  | { readonly kind: 'created-again' }
  | { readonly kind: 'new-field'; readonly now: NamedChange }
  | { readonly kind: 'missing-field'; readonly was: NamedChange }
  | { readonly kind: 'other-value'; readonly was: NamedChange; readonly now: NamedChange };

/** A device and its fields in a plan file. */
interface DeviceChange {
  readonly kind: 'create' | 'update' | 'claim' | 'disable' | 'delete';
  readonly fields: readonly NamedChange[];
}

export const planRules = {
  'hub/not-allowed': rule<{ hub: string; allowed: readonly string[] }>({
    severity: 'error',
    refusedBy: [secret, workflow],
    about:
      'The manifest names a hub that the workflow does not name. Credentials go only to hubs of the workflow, because everybody who opens a pull request can change the manifest.',
    message: ({ hub, allowed }) =>
      allowed.length === 0
        ? `hub ${hub} is not named by the workflow, which names none`
        : `hub ${hub} is not among those the workflow names: ${allowed.join(', ')}`,
    remedy: ({ hub }) =>
      `Correct the host name, or, if the hub is yours, add ${hub} to the workflow's input hub (or a connection string for it).`,
    example: { hub: 'evil.example.com', allowed: ['contoso.azure-devices.net'] },
  }),
  'hub/ambiguous': rule<{ allowed: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The device names no hub, and the run does not have exactly one.',
    message: ({ allowed }) =>
      allowed.length === 0
        ? 'no hub: neither the manifest nor the run names one'
        : `no hub: the run has ${allowed.length} (${allowed.join(', ')}) and the manifest chooses none`,
    remedy: () => 'Write hub: NAME.azure-devices.net at the top of the manifest or at the device.',
    example: { allowed: ['a.azure-devices.net', 'b.azure-devices.net'] },
  }),
  'plan/lockout': rule<{ id: string; why: Lockout }>({
    severity: 'error',
    refusedBy: [cutOff],
    fleetwide: true,
    about:
      'The change would lock the device out: the hub would accept none of the certificates that the device can have now. Somebody would have to drive to it.',
    message: ({ id, why }) => `device "${id}" would be locked out: ${lockouts[why]}`,
    remedy: () =>
      "Keep one certificate of the two that the hub has, put the new one into the other slot, and replace the first one when the device uses the new one. Or set allow-lockout in the workflow to the device's id.",
    example: { id: 'edge-001', why: 'all-certificates' },
  }),
  'plan/carried-certificate': rule<{ id: string } & CarriedLoss>({
    severity: 'error',
    refusedBy: [cutOff],
    fleetwide: true,
    about:
      'The hub accepts two certificates of the device, and the change drops the one that the device carries. The run knows it from `identity.slot` in the commit before (the base of a pull request, or the commit before a push). Without that commit, the run refuses a change that drops a certificate before any device can have the new one.',
    message: ({ id, carried, slot }) =>
      carried === 'known'
        ? `device "${id}" would be cut off: it carries the ${slot} certificate, which the hub would no longer accept`
        : `device "${id}" may be cut off: the hub would drop a certificate before it has the new ${slot} one, which the hub does not accept yet`,
    remedy: (loss) => carriedRemedy(loss),
    example: { id: 'edge-001', carried: 'known', slot: 'primary', staged: false },
  }),
  'plan/inactive-device': rule<{ id: string } & MissedStaging>({
    severity: 'warning',
    refusedBy: [cutOff],
    fleetwide: true,
    about:
      'The change drops a certificate of the device. The device was not active since you merged the other certificate, so it cannot have it yet.',
    message: ({ id, slot, active, staged }) =>
      `device "${id}" cannot have its ${slot} certificate yet: it was last active on ${day(active)}, and the certificate was merged on ${day(staged)}`,
    remedy: () =>
      'Keep the old certificate until the device is active again and carries the new one. If the device is gone for good, go on.',
    example: {
      id: 'edge-001',
      slot: 'secondary',
      active: Date.UTC(2026, 0, 3, 8, 15),
      staged: Date.UTC(2026, 1, 1, 9),
    },
  }),
  'plan/foreign': rule<{ id: string } & (Foreignness | OtherOwner)>({
    severity: 'error',
    refusedBy: [owner],
    about:
      'Somebody else created a device with this id. It is not an edge device with thumbprint authentication, or it has the mark of another repository and differs from the manifest.',
    message: ({ id, ...why }) =>
      'edge' in why
        ? `device "${id}" exists in the hub as ${foreignText(why)}, expected an edge device with X.509 thumbprints`
        : `device "${id}" belongs to ${ownerName(why)}, and is not as the manifest says`,
    remedy: (why) =>
      'edge' in why
        ? 'Give the device another id, or let the workflow say adopt: true to take it over.'
        : 'Give the device another id, or declare it as its owner does. To take it over, let the workflow say adopt: true for one run; on a command line outside of the repository, name yours with --owner.',
    example: { id: 'edge-001', edge: false, authentication: 'sas' },
  }),
  'plan/shared': rule<{ id: string } & OtherOwner>({
    severity: 'warning',
    refusedBy: [owner],
    about:
      'The device has the mark of another repository and is already as the manifest says, for example a gateway that two repositories name. Nothing is written to it, and `prune` never removes it.',
    message: ({ id, ...other }) =>
      `device "${id}" belongs to ${ownerName(other)}; it is as the manifest says, so nothing is written`,
    remedy: () =>
      'If both repositories need it, do nothing: only its owner changes it. Otherwise remove it from one of them, or take it over with adopt: true for one run.',
    example: { id: 'gateway-01', owner: 'contoso/other' },
  }),
  'plan/stays': rule<{ id: string } & Partial<OtherOwner>>({
    severity: 'notice',
    refusedBy: [owner],
    about:
      'This change removes a device from the manifest. `prune` does not remove it from the hub, because it does not have the mark of this repository.',
    message: ({ id, ...other }) =>
      'owner' in other
        ? `device "${id}" is no longer declared; it belongs to ${ownerName({ owner: other.owner })}, so it stays`
        : `device "${id}" is no longer declared; it belongs to no repository, so it stays`,
    remedy: (other) =>
      'owner' in other
        ? 'Do nothing. Its owner can remove it.'
        : 'If it is yours, declare it again, run once with adopt: unmarked, then drop it; or remove it by hand.',
    example: { id: 'edge-007', owner: 'contoso/other' },
  }),
  'plan/too-many-changes': rule<{ changes: number; known: number; limit: string }>({
    severity: 'error',
    refusedBy: [workflow],
    about:
      'The run would update or remove more devices than `max-changes` allows. A wrong search-and-replace in a manifest looks like this.',
    message: ({ changes, known, limit }) =>
      `${changes} of the ${known} devices found in the hub would change, more than max-changes (${limit}) allows`,
    remedy: ({ changes }) =>
      `Review the plan. If you want all of it, raise the limit for this run: max-changes: ${changes}.`,
    example: { changes: 412, known: 1000, limit: '30%' },
  }),
  'plan/parent-removed': rule<{ id: string; parent: string }>({
    severity: 'error',
    refusedBy: [cutOff],
    about:
      'The manifest no longer declares a gateway, and `prune` would remove it. A device that stays connects through it and would be cut off.',
    message: ({ id, parent }) => `device "${id}" connects through "${parent}", which would be removed`,
    remedy: ({ parent }) =>
      `Give the device another parent (parent: "" for none), or keep "${parent}" in the manifest.`,
    example: { id: 'edge-003', parent: 'gateway-01' },
  }),
  'plan/differs-from-approved': rule<{ id: string; differences: readonly Difference[] }>({
    severity: 'error',
    refusedBy: [workflow],
    about:
      'The present plan differs from the one in `plan-file`, because the manifest or the hub has changed. Nothing is written. A change that is already in effect is no difference.',
    message: ({ id, differences }) =>
      `device "${id}" differs from the plan file: ${differences.map(differenceText).join('; ')}`,
    remedy: () => 'Plan again, review the new plan, and apply it.',
    example: {
      id: 'edge-001',
      differences: [{ kind: 'new-field', now: { field: 'status', before: 'enabled', after: 'disabled' } }],
    },
  }),
  'plan/re-enable': rule<{ id: string; reason: string }>({
    severity: 'warning',
    refusedBy: nobody,
    about:
      'The manifest enables a device that is disabled in the hub. It may have been disabled because it was stolen.',
    message: ({ id, reason }) =>
      `device "${id}" is disabled in the hub${reason === '' ? '' : ` (${reason})`} and would be enabled`,
    remedy: () => 'If you want this, go on. Otherwise remove status, and the device keeps its status.',
    example: { id: 'edge-001', reason: 'stolen' },
  }),
  'runner/public-repository': rule<{ repository: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'In a public repository, everybody can download the artifacts with device ids, host names and public certificates.',
    message: ({ repository }) =>
      `${repository} is public, and so are its artifacts and summaries: device ids, host names, public certificates`,
    remedy: () => 'Provision from a private repository, or set artifacts: none.',
    example: { repository: 'octo/fleet' },
  }),
};

/** The safe order for these devices, from the state that the hub has now. */
function carriedRemedy({ carried, slot, staged }: CarriedLoss): string {
  const other = slot === 'primary' ? 'secondary' : 'primary';
  const allow = 'Or let the workflow say allow-lockout with the id of each such device, one per line.';
  const end = `set identity.slot: ${other} and install the new bundle on each device; then replace the ${slot} certificate.`;
  if (carried === 'known') {
    const begin = staged
      ? `Change it in two merges. Keep both certificates that the hub has, the old one in ${slot}:`
      : `Change it in three merges. Keep the old certificate in ${slot}, and put the new one into ${other}; then`;
    return `${begin} ${end} ${allow}`;
  }
  return `If a workflow runs on the push or the pull request, let it fetch the commit before, which tells what the devices carry: in the step actions/checkout write "with: { fetch-depth: 0 }". Else change it in three merges. Leave identity.slot on the certificate that the devices carry, and put the new one into the other slot; then set identity.slot to the new one and install the new bundle on each device; then replace the old certificate. ${allow}`;
}

/** `2026-01-03 08:15 UTC` */
function day(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const lockouts: Readonly<Record<Lockout, string>> = {
  'symmetric-key': 'it signs in with a symmetric key now, which X.509 thumbprints replace',
  authority: 'it signs in with a certificate of a registered authority now, which thumbprints replace',
  'all-certificates': 'none of the certificates that the hub accepts now is among the new ones',
};

/** `a device that is not an edge device, with symmetric keys` */
function foreignText({ edge, authentication }: Foreignness): string {
  const kind = edge ? 'an edge device' : 'a device that is not an edge device';
  return authentication === 'selfSigned' ? kind : `${kind}, with ${authentications[authentication]}`;
}

function ownerName({ owner }: OtherOwner): string {
  return owner ?? 'another owner (its mark is unreadable)';
}

const authentications = {
  sas: 'symmetric keys',
  certificateAuthority: 'certificates of a registered authority',
  none: 'no authentication',
} as const;

function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case 'new-device':
      return `the plan file does not change it, it would now be ${changeText(difference.now)}`;
    case 'undeclared-device':
      return `the plan file has it ${changeText(difference.was)}, and no manifest of this run declares it`;
    case 'other-change':
      return `the plan file has it ${changeText(difference.was)}, it would now be ${changeText(difference.now)}`;
    case 'created-again':
      return 'it was to be updated, it would now be created';
    case 'new-field':
      return `${describeReason(difference.now)} is not in the plan file`;
    case 'missing-field':
      return `${describeReason(difference.was)} is in the plan file, and is not planned now`;
    case 'other-value':
      return `${describeReason(difference.was)} is in the plan file, it would now be ${describeReason(difference.now)}`;
  }
}

const changeWords = { disable: 'disabled', update: 'updated', claim: 'claimed' } as const;

function changeText({ kind, fields }: DeviceChange): string {
  if (kind === 'create') return 'created';
  if (kind === 'delete') return 'deleted';
  return `${changeWords[kind]} (${fields.map(describeReason).join(', ')})`;
}
