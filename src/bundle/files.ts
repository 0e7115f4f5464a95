import { createHash } from 'node:crypto';
import type { BundleFile } from '../model/bundle.ts';
import type { Device } from '../model/fleet.ts';
import type { DeviceEndpoint } from '../model/hub-name.ts';
import type { Identity } from '../model/identity.ts';
import { renderOnBase } from './base/device.ts';
import type { BaseFile } from './base/file.ts';
import { hostnameOfBase } from './base/hostname.ts';
import { nameLineIn } from './config/own-name.ts';
import { secretsIn } from './config/placeholders.ts';
import { renderConfigToml } from './config/toml.ts';
import { renderConfigYaml } from './config/yaml.ts';
import { renderInstaller } from './install/linux.ts';
import { renderInitializer } from './install/windows.ts';
import { carriesConfiguration } from './judge/linux-containers.ts';
import type { DevicePlace, Places } from './judge/places.ts';
import { generationOf } from './judge/runtime.ts';
import { moduleOf } from './module.ts';

interface Material {
  readonly places: Places;
  /** The user's file, to be edited. If undefined, a whole one is rendered. */
  readonly base: BaseFile | undefined;
}

/**
 * The files of one device: the configuration, the certificate, and the script that installs both. The device must have
 * been judged before. Each file is rendered when its text is read.
 */
export function filesOf(identity: Identity, hub: DeviceEndpoint, { places, base }: Material): readonly BundleFile[] {
  const { device, certificates } = identity;
  const carried = certificates[device.identity.slot];
  const certificate = carried === undefined ? [] : [{ name: 'identity-certificate.pem', text: carried.pem }];
  const yaml = () => renderYaml(identity, hub, { places, base });
  if (device.runtime.platform === 'windows') {
    const script = file('Initialize-IoTEdge.ps1', () =>
      renderInitializer(identity, hub, {
        places,
        nameLine: carriesConfiguration(device) ? nameLineIn(yaml()) : undefined,
      }),
    );
    return carriesConfiguration(device)
      ? [file('config.yaml', yaml), ...certificate, script]
      : [...certificate, script];
  }
  const configuration =
    generationOf(device.runtime.version) === 'aziot'
      ? file('config.toml', () => renderToml(identity, hub, { places, base }))
      : file('config.yaml', yaml);
  const script = file('install.sh', () => installerOf(identity, configuration, { places, base }));
  return [configuration, ...certificate, script];
}

function file(name: string, render: () => string): BundleFile {
  return new RenderedFile(name, render);
}

/** A class, because V8 makes a hidden class for each object literal with a getter. */
class RenderedFile implements BundleFile {
  readonly name: string;
  readonly #render: () => string;

  constructor(name: string, render: () => string) {
    this.name = name;
    this.#render = render;
  }

  get text(): string {
    return this.#render();
  }
}

function renderYaml({ device }: Identity, hub: DeviceEndpoint, { places, base }: Material): string {
  return base === undefined ? renderConfigYaml(device, hub, places) : renderOnBase(base, device, hub, places);
}

function renderToml({ device }: Identity, hub: DeviceEndpoint, { places, base }: Material): string {
  return base === undefined ? renderConfigToml(device, hub, places) : renderOnBase(base, device, hub, places);
}

function installerOf(
  { device, thumbprints, certificates }: Identity,
  configuration: BundleFile,
  { places, base }: Material,
): string {
  const { proxy } = device.config;
  const { edgeCa } = places;
  const { platform } = device.runtime;
  if (platform === 'windows') throw new Error(`device "${device.id}" has no shell for the installer`);
  const carried = certificates[device.identity.slot];
  const { text } = configuration;
  return renderInstaller({
    device: device.id,
    version: device.runtime.version,
    platform,
    thumbprints: [thumbprints.primary, thumbprints.secondary],
    certificate: pathOf(places.certificate, device),
    privateKey: places.privateKey.path,
    ...(edgeCa === undefined
      ? {}
      : { edgeCa: { certificate: pathOf(edgeCa.certificate, device), privateKey: edgeCa.privateKey.path } }),
    ...(places.trustBundle === undefined ? {} : { trustBundle: places.trustBundle.path }),
    module: moduleOf(device, places, base),
    sha256: {
      configuration: sha256(text),
      ...(carried === undefined ? {} : { certificate: sha256(carried.pem) }),
    },
    hostname: device.config.hostname ?? (base && hostnameOfBase(base)),
    nameLine: nameLineIn(text),
    ...(proxy === undefined ? {} : { proxy }),
    secrets: secretsIn(text, device),
  });
}

/** A certificate always has a path: only keys can be in a PKCS#11 module. */
function pathOf({ path, uri }: DevicePlace, device: Device): string {
  if (path === undefined) throw new Error(`the certificate ${uri} of device "${device.id}" has no path`);
  return path;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
