import type { Bundle } from '../model/bundle.ts';
import type { Finding, Judged } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Base } from './base/base.ts';
import { judgeDevice } from './judge/judge.ts';
import { type BundleName, bundleNames } from './name.ts';

type Named = { readonly id: DeviceId; readonly hub?: HubHost | undefined };

export interface RenderOptions {
  /** All devices of the manifests, where the identities are only a part, so that names stay what they are in the whole. */
  readonly fleet?: readonly Named[];
  /** Devices without an identity, whose configuration is judged all the same, so that all faults show at once. */
  readonly judge?: readonly Device[];
  /** The files that devices name as `config.base` and that can be edited. */
  readonly bases?: ReadonlyMap<string, Base>;
}

/**
 * The files of each device, in the order given: its configuration, what installs it, and `identity-certificate.pem` (leaf and
 * chain of the slot that the device carries) where that certificate is known. A device with an error of its own, or without a
 * hub, gets none.
 */
export async function renderBundles(
  identities: readonly Identity[],
  options: RenderOptions = {},
): Promise<Judged<readonly Bundle[]>> {
  const bundles = await bundlesOf(identities, options);
  const others = (options.judge ?? []).flatMap((device) => judgeDevice(device).findings);
  return { value: bundles.value, findings: oncePerPlace([...bundles.findings, ...others]) };
}

async function bundlesOf(
  identities: readonly Identity[],
  { bases, fleet = identities.map(({ device }) => device) }: RenderOptions,
): Promise<Judged<readonly Bundle[]>> {
  // What renders is loaded where something is: `validate` only judges.
  if (identities.length === 0) return { value: [], findings: [] };
  const { filesOf } = await import('./files.ts');
  const nameOf = namesOver(fleet);
  const bundles: Bundle[] = [];
  const findings: Finding[] = [];
  for (const identity of identities) {
    const { device } = identity;
    const judged = judgeDevice(device);
    findings.push(...judged.findings);
    if (judged.value === undefined || device.hub === undefined) continue;
    const base = device.config.base === undefined ? undefined : bases?.get(device.config.base);
    if (device.config.base !== undefined && base === undefined) continue;
    const files = filesOf(identity, device.hub, { places: judged.value, base });
    bundles.push({ device: device.id, hub: device.hub, ...nameOf(device), files });
  }
  return { value: bundles, findings };
}

function namesOver(fleet: readonly Named[]): (device: Named) => BundleName {
  const keyOf = ({ hub, id }: Named) => `${hub}/${id}`;
  const names = bundleNames(fleet);
  const byKey = new Map(fleet.map((device, index) => [keyOf(device), names[index]]));
  return (device) => {
    const name = byKey.get(keyOf(device));
    if (name === undefined) throw new Error(`device "${device.id}" is to be rendered, but is not of the fleet`);
    return name;
  };
}

/**
 * A value in `defaults` is wrong once, not once for each device; what is said of several devices names none. A notice is
 * given once a file: in a CSV every row has its own cell for the version.
 */
function oncePerPlace(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, Finding>();
  for (const item of findings) {
    const { place, rule, message, severity, device, hub } = item;
    const where = severity === 'notice' ? [] : [place?.line, place?.column];
    const key = JSON.stringify([rule, message, place?.file, ...where]);
    const first = seen.get(key);
    const same = first === undefined || (first.device === device && first.hub === hub);
    seen.set(key, same ? item : { ...first, device: undefined, hub: undefined });
  }
  return [...seen.values()];
}
