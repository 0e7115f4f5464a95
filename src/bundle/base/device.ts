import type { Device, HubHost } from '../../model/fleet.ts';
import { agentOf } from '../config/agent.ts';
import { certificatesOf, networkOf } from '../config/yaml.ts';
import type { Places } from '../judge/places.ts';
import type { Base } from './base.ts';
import { type BaseEdits, editBase } from './edit.ts';

/** The user's config.yaml for one device: with its provisioning and with the settings that the manifest gives. */
export function renderOnBase(base: Base, device: Device, hub: HubHost, places: Places): string {
  const { dynamicReprovisioning } = device.config;
  return editBase(base, {
    provisioning: {
      hub: hub.replace(/:\d+$/, ''),
      deviceId: device.id,
      certificate: places.certificate.uri,
      privateKey: places.privateKey.uri,
      ...(dynamicReprovisioning === undefined ? {} : { dynamicReprovisioning }),
    },
    set: settingsOf(device, places),
  });
}

function settingsOf(device: Device, places: Places): BaseEdits['set'] {
  const { config } = device;
  const { env, auth, createOptions } = agentOf(device);
  const certificates = Object.entries(certificatesOf(device, places));
  const all = [
    ...certificates.map(([key, value]) => ({ path: ['certificates', key], value })),
    { path: ['hostname'], value: config.hostname },
    { path: ['agent', 'config', 'image'], value: config.agent.image },
    ...Object.entries(env).map(([name, value]) => ({ path: ['agent', 'env', name], value })),
    { path: ['agent', 'config', 'createOptions'], value: config.agent.createOptions && createOptions },
    { path: ['agent', 'config', 'auth'], value: auth },
    { path: ['watchdog', 'max_retries'], value: config.watchdog?.maxRetries },
    { path: ['moby_runtime', 'network'], value: networkOf(config.network) },
  ];
  return all.filter(({ value }) => value !== undefined);
}
