import { renderConfigToml } from '../../src/bundle/config/toml.ts';
import { renderConfigYaml } from '../../src/bundle/config/yaml.ts';
import { judgeDevice } from '../../src/bundle/judge/judge.ts';
import { generationOf } from '../../src/bundle/judge/runtime.ts';
import type { Finding, Place } from '../../src/model/finding.ts';
import {
  type Device,
  type DeviceConfig,
  type DeviceIdentity,
  isDeviceId,
  isHubHost,
  type Platform,
  type Runtime,
  type RuntimeVersion,
} from '../../src/model/fleet.ts';
import { type DeviceEndpoint, type DeviceForm, deviceEndpoint } from '../../src/model/hub-name.ts';
import { type Certificate, type Identity, isThumbprint } from '../../src/model/identity.ts';

/** The time of these tests. All versions except the last are out of support. */
export const now = new Date('2026-12-01');

export interface Wanted {
  readonly id?: string;
  readonly hub?: string | null;
  readonly hubForm?: DeviceForm;
  readonly version?: string;
  readonly platform?: Platform;
  readonly parent?: string;
  readonly tags?: Device['tags'];
  readonly slot?: 'primary' | 'secondary';
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly hostname?: string;
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly line?: number;
  /** More settings of each part. They replace those of the keys above. */
  readonly config?: Omit<Partial<DeviceConfig>, 'agent'> & { readonly agent?: Partial<DeviceConfig['agent']> };
  readonly identity?: Partial<DeviceIdentity>;
  readonly runtime?: Partial<Runtime>;
}

/** A device as the manifest stage returns it. Every key has its own column on the line of the device. */
export function deviceOf(wanted: Wanted = {}): Device {
  const { id = 'edge-001', hub = 'contoso.azure-devices.net', version = '1.1', platform = 'debian', line = 1 } = wanted;
  if (!isDeviceId(id)) throw new Error(`no device id: ${id}`);
  if (hub !== null && !isHubHost(hub)) throw new Error(`no hub: ${hub}`);
  return {
    id,
    ...(hub === null ? {} : { hub }),
    ...(wanted.hubForm === undefined ? {} : { hubForm: wanted.hubForm }),
    certificates: {},
    thumbprints: {},
    thumbprintAlgorithm: 'sha256',
    ...(wanted.parent === undefined ? {} : { parent: wanted.parent }),
    ...(wanted.tags === undefined ? {} : { tags: wanted.tags }),
    runtime: { version: versionOf(version), platform, ...wanted.runtime },
    identity: {
      slot: wanted.slot ?? 'primary',
      ...(wanted.certificate === undefined ? {} : { certificate: wanted.certificate }),
      ...(wanted.privateKey === undefined ? {} : { privateKey: wanted.privateKey }),
      ...wanted.identity,
    },
    config: configOf(wanted),
    place: (key): Place => ({ file: 'devices.yaml', line, column: columnOf(key) }),
  };
}

/** The findings of one device, without the notice that most versions get. */
export function findingsOf(wanted: Wanted = {}): readonly Finding[] {
  return judgeDevice(deviceOf(wanted), now).findings.filter(({ rule }) => rule !== 'runtime/out-of-support');
}

/** The device's config.yaml or config.toml. Throws if the device has an error. */
export function configurationOf(wanted: Wanted = {}): string {
  const device = deviceOf(wanted);
  const { value: places, findings } = judgeDevice(device, now);
  if (places === undefined || device.hub === undefined) throw new Error(findings.map((f) => f.message).join('\n'));
  const render = generationOf(device.runtime.version) === 'aziot' ? renderConfigToml : renderConfigYaml;
  return render(device, hubOfDevice(device), places);
}

/** The host name of the hub that the device's configuration has. */
export function hubOfDevice({ hub, hubForm }: Device): DeviceEndpoint {
  if (hub === undefined) throw new Error('the device has no hub');
  return deviceEndpoint(hub, hubForm);
}

export function columnOf(key: string): number {
  return [...key].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0);
}

export function identityOf(
  wanted: Wanted = {},
  pems: { readonly primary?: string; readonly secondary?: string } = {},
): Identity {
  const thumbprint = 'A'.repeat(40);
  if (!isThumbprint(thumbprint)) throw new Error('no thumbprint');
  const certificate = (pem: string): Certificate => ({
    path: 'certs/x.pem',
    commonNames: [wanted.id ?? 'edge-001'],
    thumbprints: { sha1: thumbprint, sha256: thumbprint },
    notBefore: new Date(0),
    notAfter: new Date(1),
    key: { type: 'ec', name: 'P-256' },
    publicKeyDigest: '',
    authority: 'none',
    pem,
  });
  return {
    device: deviceOf(wanted),
    thumbprints: { primary: thumbprint, secondary: thumbprint },
    certificates: {
      ...(pems.primary === undefined ? {} : { primary: certificate(pems.primary) }),
      ...(pems.secondary === undefined ? {} : { secondary: certificate(pems.secondary) }),
    },
  };
}

function configOf({ hostname, image, env = {}, config = {} }: Wanted): DeviceConfig {
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...config,
    agent: { env, ...(image === undefined ? {} : { image }), ...config.agent },
  };
}

function versionOf(text: string): RuntimeVersion {
  const [major = 0, minor = 0, patch] = text.split('.').map(Number);
  return { text, major, minor, ...(patch === undefined ? {} : { patch }) };
}
