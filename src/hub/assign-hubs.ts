import type { Finding, Judged } from '../model/finding.ts';
import type { Device, Fleet, HubHost } from '../model/fleet.ts';
import { FindingsOnce } from '../rules/once.ts';
import { finding } from '../rules/rules.ts';
import { hubFault } from './faults.ts';
import { fleetFindings } from './fleet-rules.ts';

export interface AssignOptions {
  /** Restricts the run to one hub. Devices of other hubs are checked, then left out. */
  readonly onlyHub?: HubHost;
  /**
   * Which hubs a device may have. `credentials`: only hubs that the workflow names. `later`: the same if the workflow
   * names any, for a plan that cannot sign in here. `name`: any hub, since only its name is used. `none`: the device
   * needs no hub.
   */
  readonly use: 'credentials' | 'later' | 'name' | 'none';
}

/** Devices with their hubs. `all`: of all manifests. `inRun`: without those that `onlyHub` leaves out. */
export interface Assigned {
  readonly all: readonly Device[];
  readonly inRun: readonly Device[];
}

/**
 * Gives every device its hub, and refuses hubs that the workflow does not name. A manifest is untrusted text, and the
 * owner of a foreign hub could replay a token that is sent there against our hub. Then checks ids and parents, which
 * depend on the hub. `named` are the hubs that the workflow names, in lower case. Hosts are compared exactly. Throws a
 * usage `Fault` if `onlyHub` is not among them.
 */
export function assignHubs(fleet: Fleet, named: readonly HubHost[], { onlyHub, use }: AssignOptions): Judged<Assigned> {
  if (onlyHub !== undefined && use === 'credentials' && !named.includes(onlyHub)) {
    throw hubFault('only-hub-not-named', { onlyHub, named });
  }
  const only = named.length === 1 ? named[0] : undefined;
  const devices = fleet.devices.map((device) => {
    return device.hub !== undefined || only === undefined ? device : { ...device, hub: only };
  });
  const inRun = devices.filter(({ hub }) => onlyHub === undefined || hub === undefined || hub === onlyHub);
  const findings = new FindingsOnce();
  for (const device of devices) findings.add(hubFindings(device, named, use));
  return { value: { all: devices, inRun }, findings: findings.add(fleetFindings(devices)).all };
}

function hubFindings(device: Device, allowed: readonly HubHost[], use: AssignOptions['use']): readonly Finding[] {
  const { hub, id } = device;
  const subject = { place: device.place('hub'), device: id };
  if (use === 'none' || (use === 'later' && (hub === undefined || allowed.length === 0))) return [];
  if (hub === undefined) return [finding('hub/ambiguous', { allowed }, subject)];
  if (use === 'name' || allowed.includes(hub)) return [];
  return [finding('hub/not-allowed', { hub, allowed }, { ...subject, hub })];
}
