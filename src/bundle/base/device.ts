import type { Device } from '../../model/fleet.ts';
import type { DeviceEndpoint } from '../../model/hub-name.ts';
import { explainedInYaml, ownName } from '../config/own-name.ts';
import { saidInYaml } from '../config/yaml.ts';
import type { Places } from '../judge/places.ts';
import type { Base } from './base.ts';
import { editBase } from './edit.ts';
import { hostnameOfBase } from './hostname.ts';

/** The user's config.yaml for one device: with its provisioning and with the settings that the manifest gives. */
export function renderOnBase(base: Base, device: Device, hub: DeviceEndpoint, places: Places): string {
  const { dynamicReprovisioning, hostname } = device.config;
  const isOwn = hostname === undefined && hostnameOfBase(base) === undefined;
  const text = editBase(base, {
    provisioning: {
      hub,
      deviceId: device.id,
      certificate: places.certificate.uri,
      privateKey: places.privateKey.uri,
      ...(dynamicReprovisioning === undefined ? {} : { dynamicReprovisioning }),
    },
    set: [...saidInYaml(device, places), ...(isOwn ? [{ path: ['hostname'], value: ownName }] : [])],
  });
  return isOwn ? explainedInYaml(text) : text;
}
