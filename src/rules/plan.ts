import { rule } from './rule.ts';

export const planRules = {
  'hub/not-allowed': rule<{ hub: string; allowed: readonly string[] }>({
    severity: 'error',
    about:
      'The manifest names a hub that the workflow does not. Credentials go only to hubs that the workflow names, since anyone who opens a pull request writes the manifest.',
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
    about: 'The device names no hub, and the run does not have exactly one.',
    message: ({ allowed }) =>
      allowed.length === 0
        ? 'no hub: neither the manifest nor the run names one'
        : `no hub: the run has ${allowed.length} (${allowed.join(', ')}) and the manifest chooses none`,
    remedy: () => 'Write hub: NAME.azure-devices.net at the top of the manifest or at the device.',
    example: { allowed: ['a.azure-devices.net', 'b.azure-devices.net'] },
  }),
  'plan/lockout': rule<{ id: string; why: string }>({
    severity: 'error',
    about:
      'The change would cut the device off: none of the certificates it may hold now is among the new ones. Someone would have to drive out.',
    message: ({ id, why }) => `device "${id}" would be locked out: ${why}`,
    remedy: () =>
      'Keep one certificate of the two that the hub has, put the new one into the other slot, and replace the rest after the device has taken it up; or let the workflow say allow-lockout: true.',
    example: { id: 'edge-001', why: 'neither thumbprint in the hub belongs to a certificate of the manifest' },
  }),
  'plan/foreign': rule<{ id: string; what: string }>({
    severity: 'error',
    about:
      'The hub has a device of this id that is not an edge device with thumbprint authentication: somebody else made it.',
    message: ({ id, what }) =>
      `device "${id}" exists in the hub as ${what}, expected an edge device with X.509 thumbprints`,
    remedy: () => 'Give the device another id, or let the workflow say adopt: true to take it over.',
    example: { id: 'edge-001', what: 'a device that is not an edge device, with symmetric keys' },
  }),
  'plan/too-many-changes': rule<{ changes: number; known: number; limit: string }>({
    severity: 'error',
    about:
      'More devices of the fleet would be updated or removed than `max-changes` allows. A search-and-replace over a manifest looks like this.',
    message: ({ changes, known, limit }) =>
      `${changes} of the ${known} devices found in the hub would change, more than max-changes (${limit}) allows`,
    remedy: ({ changes }) => `Look at the plan; if it is meant, raise the limit for this run: max-changes: ${changes}.`,
    example: { changes: 412, known: 1000, limit: '30%' },
  }),
  'plan/parent-removed': rule<{ id: string; parent: string }>({
    severity: 'error',
    about:
      'The manifest no longer declares a gateway, `prune` would remove it, and a device that stays connects through it: that one would be cut off.',
    message: ({ id, parent }) => `device "${id}" connects through "${parent}", which would be removed`,
    remedy: ({ parent }) =>
      `Give the device another parent (parent: "" for none), or keep "${parent}" in the manifest.`,
    example: { id: 'edge-003', parent: 'gateway-01' },
  }),
  'plan/differs-from-approved': rule<{ id: string; what: string }>({
    severity: 'error',
    about:
      'The input `plan-file` gives an approved plan, and what is planned now is not the same: the manifest or the hub has changed since. Nothing is written. What was approved and is in effect already is no difference.',
    message: ({ id, what }) => `device "${id}" differs from the approved plan: ${what}`,
    remedy: () => 'Plan again, and have the new plan approved.',
    example: { id: 'edge-001', what: 'status enabled → disabled was not approved' },
  }),
  'plan/re-enable': rule<{ id: string; reason: string }>({
    severity: 'warning',
    about:
      'The manifest enables a device that is disabled in the hub. It may have been disabled because it was stolen.',
    message: ({ id, reason }) =>
      `device "${id}" is disabled in the hub${reason === '' ? '' : ` (${reason})`} and would be enabled`,
    remedy: () => 'If it is meant, go on; else remove status, and the device keeps the one it has.',
    example: { id: 'edge-001', reason: 'stolen' },
  }),
  'runner/public-repository': rule<{ repository: string }>({
    severity: 'warning',
    about:
      'In a public repository everybody can download the artifacts: device ids, host names and public certificates become public.',
    message: ({ repository }) =>
      `${repository} is public, and so are its artifacts and summaries: device ids, host names, public certificates`,
    remedy: () => 'Provision from a private repository, or set artifacts: none.',
    example: { repository: 'octo/fleet' },
  }),
};
