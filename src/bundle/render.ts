import type { Bundle, BundleFile } from '../model/bundle.ts';
import { type Finding, failing, type Judged } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import { renderConfigYaml } from './config-yaml.ts';
import { judgeHostname } from './hostname.ts';
import { type BundleName, bundleNames } from './name.ts';
import { type PairPlaces, pairPlaces } from './places.ts';
import { judgeRuntime } from './runtime.ts';
import { judgeSecrets } from './secrets.ts';

type Named = { readonly id: DeviceId; readonly hub?: HubHost | undefined };

/**
 * The files of each device, in the order given: `config.yaml`, and `identity-certificate.pem` (leaf and chain of the slot
 * that the device carries) where that certificate is known. A device with an error of its own, or without a hub, gets none.
 *
 * `fleet`: all devices of the manifests, where `identities` are only a part, so that names stay what they are in the whole.
 * `judge`: devices without an identity, whose configuration is judged all the same, so that all faults show at once.
 */
export function renderBundles(
  identities: readonly Identity[],
  options: { readonly fleet?: readonly Named[]; readonly judge?: readonly Device[] } = {},
): Judged<readonly Bundle[]> {
  const nameOf = namesOver(options.fleet ?? identities.map(({ device }) => device));
  const bundles: Bundle[] = [];
  const findings: Finding[] = [];
  for (const identity of identities) {
    const judged = renderFiles(identity);
    findings.push(...judged.findings);
    const { id, hub } = identity.device;
    if (judged.value !== undefined) bundles.push({ device: id, hub, ...nameOf(identity.device), files: judged.value });
  }
  for (const device of options.judge ?? []) findings.push(...judgeDevice(device).findings);
  return { value: bundles, findings: oncePerPlace(findings) };
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

function renderFiles({ device, certificates }: Identity): Judged<readonly BundleFile[] | undefined> {
  const { value: places, findings } = judgeDevice(device);
  if (device.hub === undefined || places === undefined || failing(findings)) return { value: undefined, findings };
  const files: BundleFile[] = [{ name: 'config.yaml', text: renderConfigYaml(device, device.hub, places) }];
  const carried = certificates[device.identity.slot];
  if (carried !== undefined) files.push({ name: 'identity-certificate.pem', text: carried.pem });
  return { value: files, findings };
}

/** Everything about a device's configuration that can be wrong; where its pair lies. */
function judgeDevice(device: Device): Judged<PairPlaces | undefined> {
  const secrets = judgeSecrets(device);
  const places = pairPlaces(device, secrets.keys);
  const findings = [
    ...judgeRuntime(device),
    ...secrets.findings,
    ...judgeHostname(device, secrets.keys),
    ...places.findings,
  ];
  return { value: places.value, findings };
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
