import type { BundleFile } from '../model/bundle.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Base } from './base/base.ts';
import { renderOnBase } from './base/device.ts';
import { secretsIn } from './config/placeholders.ts';
import { renderConfigToml } from './config/toml.ts';
import { renderConfigYaml } from './config/yaml.ts';
import { renderInstaller } from './install/linux.ts';
import { renderInitializer } from './install/windows.ts';
import { carriesConfiguration } from './judge/linux-containers.ts';
import type { Places } from './judge/places.ts';
import { generationOf } from './judge/runtime.ts';

interface Material {
  readonly places: Places;
  /** The config.yaml of the user's to be edited; absent: a whole one is rendered. */
  readonly base: Base | undefined;
}

/** The files of one device, whose configuration has been judged: the configuration, its certificate, and what installs both. */
export function filesOf(identity: Identity, hub: HubHost, { places, base }: Material): readonly BundleFile[] {
  const { device, certificates } = identity;
  const carried = certificates[device.identity.slot];
  const certificate = carried === undefined ? [] : [{ name: 'identity-certificate.pem', text: carried.pem }];
  if (device.runtime.platform === 'windows') {
    const script = { name: 'Initialize-IoTEdge.ps1', text: renderInitializer(identity, hub, places) };
    return carriesConfiguration(device)
      ? [{ name: 'config.yaml', text: renderYaml(identity, hub, { places, base }) }, ...certificate, script]
      : [...certificate, script];
  }
  const configuration =
    generationOf(device.runtime.version) === 'aziot'
      ? { name: 'config.toml', text: renderConfigToml(device, hub, places) }
      : { name: 'config.yaml', text: renderYaml(identity, hub, { places, base }) };
  const script = { name: 'install.sh', text: installerOf(identity, configuration.text, places) };
  return [configuration, ...certificate, script];
}

function renderYaml({ device }: Identity, hub: HubHost, { places, base }: Material): string {
  return base === undefined ? renderConfigYaml(device, hub, places) : renderOnBase(base, device, hub, places);
}

function installerOf({ device, thumbprints, certificates }: Identity, configuration: string, places: Places): string {
  const { path: certificate } = places.certificate;
  if (certificate === undefined) throw new Error(`the certificate of device "${device.id}" has no path`);
  const { proxy } = device.config;
  return renderInstaller({
    device: device.id,
    version: device.runtime.version,
    thumbprints: [thumbprints.primary, thumbprints.secondary],
    certificate,
    privateKey: places.privateKey.path,
    carriesCertificate: certificates[device.identity.slot] !== undefined,
    ...(proxy === undefined ? {} : { proxy }),
    secrets: secretsIn(configuration, device),
  });
}
