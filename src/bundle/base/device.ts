import type { Device } from '../../model/fleet.ts';
import type { DeviceEndpoint } from '../../model/hub-name.ts';
import { explainedInToml, explainedInYaml, ownName } from '../config/own-name.ts';
import { saidInToml } from '../config/toml.ts';
import { saidInYaml } from '../config/yaml.ts';
import { agentImageOf } from '../judge/agent-image.ts';
import type { Places } from '../judge/places.ts';
import { editBase } from './edit.ts';
import type { BaseFile } from './file.ts';
import { hostnameOfBase } from './hostname.ts';
import type { TomlBase, TomlSetting } from './toml/base.ts';

/** The user's file for one device: with its provisioning and with the settings that the manifest gives. */
export function renderOnBase(base: BaseFile, device: Device, hub: DeviceEndpoint, places: Places): string {
  const { dynamicReprovisioning, hostname } = device.config;
  const isOwn = hostname === undefined && hostnameOfBase(base) === undefined;
  if (base.form === 'config.toml') {
    const { provisioning, set } = editsOfToml(base, device, hub, places);
    const own = { path: ['hostname'], value: ownName };
    return isOwn ? explainedInToml(base.edit({ provisioning, set: [own, ...set] })) : base.edit({ provisioning, set });
  }
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

/** What the manifest writes into a config.toml. */
export function editsOfToml(base: TomlBase, device: Device, hub: DeviceEndpoint, places: Places) {
  const said = saidInToml(device, places);
  const isProvisioning = ({ path }: TomlSetting) => path[0] === 'provisioning';
  const provisioning: readonly TomlSetting[] = [
    { path: ['provisioning', 'source'], value: 'manual' },
    { path: ['provisioning', 'iothub_hostname'], value: hub },
    { path: ['provisioning', 'device_id'], value: device.id },
    { path: ['provisioning', 'authentication', 'method'], value: 'x509' },
    ...said.filter(isProvisioning),
  ];
  const others = said.filter((one) => !isProvisioning(one)).map((one) => byItsOtherName(one, base, device));
  return { provisioning, set: whole(others, base, device) };
}

/** From 1.4 on the parent's name has two keys, and both together are refused. */
function byItsOtherName(setting: TomlSetting, { root }: TomlBase, { runtime }: Device): TomlSetting {
  const other = 'local_gateway_hostname';
  const isOther = setting.path[0] === 'parent_hostname' && runtime.version.minor >= 4 && root.entries.has(other);
  return isOther ? { ...setting, path: [other] } : setting;
}

/** Adds what the runtime needs in a section that the file does not have. */
function whole(set: readonly TomlSetting[], { root }: TomlBase, device: Device): readonly TomlSetting[] {
  const begins = (name: string) => !root.entries.has(name) && set.some(({ path }) => path[0] === name);
  const needed: readonly TomlSetting[] = [
    ...(begins('agent')
      ? [
          { path: ['agent', 'name'], value: 'edgeAgent' },
          { path: ['agent', 'type'], value: 'docker' },
          { path: ['agent', 'config', 'image'], value: agentImageOf(device) },
        ]
      : []),
    ...(begins('moby_runtime') ? [{ path: ['moby_runtime', 'uri'], value: 'unix:///var/run/docker.sock' }] : []),
  ];
  const given = new Set(set.map(({ path }) => path.join('.')));
  return [...needed.filter(({ path }) => !given.has(path.join('.'))), ...set];
}
