import type { Bundle, BundleFile } from '../model/bundle.ts';
import type { Finding, Judged } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Base } from './base/base.ts';
import type { filesOf as FilesOf } from './files.ts';
import { judgeDevice } from './judge/judge.ts';
import { readPlaces } from './judge/places.ts';
import { type BundleName, bundleNames } from './name.ts';

type Named = { readonly id: DeviceId; readonly hub?: HubHost | undefined };

export interface RenderOptions {
  readonly now: Date;
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
  options: RenderOptions,
): Promise<Judged<readonly Bundle[]>> {
  const findings = new Map<string, Finding>();
  const value = await bundlesOf(identities, options, (found) => tell(findings, found));
  for (const device of options.judge ?? []) tell(findings, judgeDevice(device, options.now).findings);
  return { value, findings: [...findings.values()] };
}

async function bundlesOf(
  identities: readonly Identity[],
  { bases, now, fleet = identities.map(({ device }) => device) }: RenderOptions,
  tell: (findings: readonly Finding[]) => void,
): Promise<readonly Bundle[]> {
  // What renders is loaded where something is: `validate` only judges.
  if (identities.length === 0) return [];
  const { filesOf } = await import('./files.ts');
  const nameOf = namesOver(fleet);
  const bundles: Bundle[] = [];
  for (const identity of identities) {
    const { device } = identity;
    const judged = judgeDevice(device, now);
    tell(judged.findings);
    if (judged.value === undefined || device.hub === undefined) continue;
    const base = device.config.base === undefined ? undefined : bases?.get(device.config.base);
    if (device.config.base !== undefined && base === undefined) continue;
    bundles.push(new RenderedBundle({ identity, hub: device.hub, base, filesOf }, nameOf(device)));
  }
  return bundles;
}

/** What a bundle is rendered from. */
interface Sources {
  readonly identity: Identity;
  readonly hub: HubHost;
  readonly base: Base | undefined;
  readonly filesOf: typeof FilesOf;
}

/** The bundle of one device, as little as can be kept of it: fleets are long, and files are rendered when they are asked for. */
class RenderedBundle implements Bundle {
  readonly directory: string;
  readonly artifact: string;
  readonly #sources: Sources;

  constructor(sources: Sources, { directory, artifact }: BundleName) {
    this.directory = directory;
    this.artifact = artifact;
    this.#sources = sources;
  }

  get device(): DeviceId {
    return this.#sources.identity.device.id;
  }

  get hub(): HubHost {
    return this.#sources.hub;
  }

  get files(): readonly BundleFile[] {
    const { identity, hub, base, filesOf } = this.#sources;
    // Sound, or there would be no bundle; to keep them would cost more memory than the time to read them again is worth.
    const { value: places } = readPlaces(identity.device);
    return places === undefined ? [] : filesOf(identity, hub, { places, base });
  }
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
 * Adds findings to those told so far. A value in `defaults` is wrong once, not once for each device; what is said of several
 * devices names none. A notice is given once a file: in a CSV every row has its own cell for the version.
 */
function tell(told: Map<string, Finding>, findings: readonly Finding[]): void {
  for (const item of findings) {
    const { place, rule, message, severity, device, hub } = item;
    const where = severity === 'notice' ? [] : [place?.line, place?.column];
    const key = JSON.stringify([rule, message, place?.file, ...where]);
    const first = told.get(key);
    if (first === undefined) told.set(key, item);
    else if (first.device !== device || first.hub !== hub)
      told.set(key, { ...first, device: undefined, hub: undefined });
  }
}
