import type { Bundle, BundleFile } from '../model/bundle.ts';
import type { Judged, RuleChanges } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import { deviceEndpoint } from '../model/hub-name.ts';
import type { Identity } from '../model/identity.ts';
import { guarded } from '../rules/guarded.ts';
import { FindingsOnce } from '../rules/once.ts';
import { type BaseFile, baseOf } from './base/file.ts';
import type { filesOf as FilesOf } from './files.ts';
import { judgeDevice } from './judge/judge.ts';
import { readPlaces } from './judge/places.ts';
import { type BundleName, bundleNames } from './name.ts';

type Named = { readonly id: DeviceId; readonly hub?: HubHost | undefined };

export interface RenderOptions {
  readonly now: Date;
  /**
   * All devices of the manifests, if the identities are only a part of them. The names of bundles depend on the whole
   * fleet.
   */
  readonly fleet?: readonly Named[];
  /** Devices without an identity. Their configuration is judged too, so that a run shows all faults at once. */
  readonly judge?: readonly Device[];
  /** The files of `config.base` that can be edited, by their path. */
  readonly bases?: ReadonlyMap<string, BaseFile>;
  /** The severities that the workflow gives to rules. A device with an error gets no bundle. */
  readonly rules?: RuleChanges | undefined;
}

/**
 * Renders the files of each device, in the order given: the configuration, the script that installs it, and
 * `identity-certificate.pem` if the certificate is known (leaf and chain of the slot that the device carries). A device
 * with an error or without a hub gets no bundle.
 */
export async function renderBundles(
  identities: readonly Identity[],
  options: RenderOptions,
): Promise<Judged<readonly Bundle[]>> {
  const findings = new FindingsOnce();
  const value = await bundlesOf(identities, options, findings);
  for (const device of options.judge ?? []) findings.add(judge(device, options).findings);
  return { value, findings: findings.all };
}

async function bundlesOf(
  identities: readonly Identity[],
  options: RenderOptions,
  findings: FindingsOnce,
): Promise<readonly Bundle[]> {
  // The code that renders is loaded only if there is something to render: `validate` only judges.
  if (identities.length === 0) return [];
  const { bases, fleet = identities.map(({ device }) => device) } = options;
  const { filesOf } = await import('./files.ts');
  const nameOf = namesOver(fleet);
  const bundles: Bundle[] = [];
  for (const identity of identities) {
    const { device } = identity;
    const judged = judge(device, options);
    findings.add(judged.findings);
    if (judged.value === undefined || device.hub === undefined) continue;
    const base = baseOf(device, bases);
    if (device.config.base !== undefined && base === undefined) continue;
    bundles.push(new RenderedBundle({ identity, hub: device.hub, base, filesOf }, nameOf(device)));
  }
  return bundles;
}

function judge(device: Device, { now, rules }: RenderOptions): ReturnType<typeof judgeDevice> {
  return guarded(
    () => judgeDevice(device, now, rules),
    () => ({ place: device.place('id'), device: device.id, hub: device.hub }),
  );
}

/** What a bundle is rendered from. */
interface Sources {
  readonly identity: Identity;
  readonly hub: HubHost;
  readonly base: BaseFile | undefined;
  readonly filesOf: typeof FilesOf;
}

/**
 * The bundle of one device. It keeps little memory, since fleets are large: files are rendered when they are asked for.
 */
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
    // They are valid, or there would be no bundle. Reading them again costs less than keeping them in memory.
    const { value: places } = readPlaces(identity.device);
    return places === undefined
      ? []
      : filesOf(identity, deviceEndpoint(hub, identity.device.hubForm), { places, base });
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
