import type { Device, DeviceId, Fleet, HubHost } from '../../src/model/fleet.ts';
import { isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { type DeviceForm, type HubEndpoint, readHubName } from '../../src/model/hub-name.ts';
import { isThumbprint, type Thumbprint } from '../../src/model/identity.ts';
import type { RegistryWrite } from '../../src/model/registry.ts';

export function deviceId(text: string): DeviceId {
  if (!isDeviceId(text)) throw new Error(`${text} is not a device id`);
  return text;
}

export function hubHost(text: string): HubHost {
  if (!isHubHost(text)) throw new Error(`${text} is not a host`);
  return text;
}

/** A host name that calls go to. */
export function endpoint(text: string): HubEndpoint {
  const read = readHubName(text);
  if (read.kind !== 'hub') throw new Error(`${text} is not a host`);
  return read.endpoint;
}

export function thumbprint(digit = 'A', length = 40): Thumbprint {
  const text = digit.repeat(length);
  if (!isThumbprint(text)) throw new Error(`${text} is not a thumbprint`);
  return text;
}

/** A device of a manifest, in line `line`. `hubLine`: the line of its hub, if that is another. */
export function device(
  id: string,
  line: number,
  more: {
    readonly hub?: string;
    readonly hubForm?: DeviceForm;
    readonly parent?: string;
    readonly hubLine?: number;
  } = {},
): Device {
  return {
    id: deviceId(id),
    ...(more.hub === undefined ? {} : { hub: hubHost(more.hub) }),
    ...(more.hubForm === undefined ? {} : { hubForm: more.hubForm }),
    ...(more.parent === undefined ? {} : { parent: more.parent }),
    certificates: {},
    thumbprints: {},
    thumbprintAlgorithm: 'sha256',
    runtime: { version: { text: '1.1', major: 1, minor: 1 }, platform: 'debian' },
    identity: { slot: 'primary' },
    config: { agent: { env: {} } },
    place: (key) => ({ file: 'devices.yaml', line: key === 'hub' ? (more.hubLine ?? line) : line, column: 5 }),
  };
}

export function fleet(...devices: readonly Device[]): Fleet {
  return { devices, manifests: ['devices.yaml'] };
}

export function create(id: string, digit = 'A'): Extract<RegistryWrite, { mode: 'create' }> {
  const thumbprints = { primary: thumbprint(digit), secondary: thumbprint('B') };
  return { mode: 'create', registration: { id: deviceId(id), thumbprints, status: 'enabled' } };
}
