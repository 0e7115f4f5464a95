import { createHash } from 'node:crypto';
import {
  type Device,
  type DeviceId,
  type HubHost,
  isDeviceId,
  isHubHost,
  type JsonObject,
  type Slot,
} from '../../src/model/fleet.ts';
import { type Certificate, type Identity, isThumbprint, type Thumbprint } from '../../src/model/identity.ts';
import { markOf, type Owner, ownerTag } from '../../src/model/owner.ts';
import type { RegisteredDevice, Twin } from '../../src/model/registration.ts';
import { deviceOf, identityOf } from '../bundle/material.ts';

export const hub = hostOf('contoso.azure-devices.net');

/** Returns a thumbprint that is different for each name: `old`, `new`. */
export function digest(name: string, algorithm: 'sha1' | 'sha256' = 'sha1'): Thumbprint {
  const text = createHash(algorithm).update(name).digest('hex').toUpperCase();
  if (!isThumbprint(text)) throw new Error('no thumbprint');
  return text;
}

export function idOf(text: string): DeviceId {
  if (!isDeviceId(text)) throw new Error(`no device id: ${text}`);
  return text;
}

export function hostOf(text: string): HubHost {
  if (!isHubHost(text)) throw new Error(`no hub: ${text}`);
  return text;
}

/** Returns a certificate whose thumbprints are the digests of its name. */
export function certificate(name: string): Certificate {
  const [made] = Object.values(identityOf({}, { primary: name }).certificates);
  return { ...made!, thumbprints: { sha1: digest(name), sha256: digest(name, 'sha256') } };
}

/** The repository of the tests. */
export const ours: Owner = { server: 'github.com', id: '7', name: 'octo/fleet' };
export const others: Owner = { server: 'github.com', id: '8', name: 'contoso/other' };

/** A twin that bears the mark of an owner, and other tags. */
export function twinOf(owner: Owner | undefined, tags: JsonObject = {}): Twin {
  return { etag: 'AAAAAAAAAAE=', tags: owner === undefined ? tags : { ...tags, [ownerTag]: markOf(owner) } };
}

export interface WantedIdentity {
  readonly id?: string;
  readonly primary?: Thumbprint;
  readonly secondary?: Thumbprint;
  readonly certificates?: Identity['certificates'];
  /** The slot whose certificate the device is to carry. */
  readonly slot?: Slot;
  readonly status?: Device['status'];
  readonly statusReason?: string;
  readonly parent?: string;
  readonly tags?: Device['tags'];
}

/** Returns a device of the manifest, by default with the thumbprints of `new-1` and `new-2`. */
export function wanted(parts: WantedIdentity = {}): Identity {
  const { status, statusReason, parent, tags } = parts;
  return {
    device: {
      ...deviceOf({ id: parts.id ?? 'edge-001', hub, ...(parts.slot === undefined ? {} : { slot: parts.slot }) }),
      ...(status === undefined ? {} : { status }),
      ...(statusReason === undefined ? {} : { statusReason }),
      ...(parent === undefined ? {} : { parent }),
      ...(tags === undefined ? {} : { tags }),
    },
    thumbprints: { primary: parts.primary ?? digest('new-1'), secondary: parts.secondary ?? digest('new-2') },
    certificates: parts.certificates ?? {},
  };
}

/** Returns a device of the hub, by default one that matches `wanted()`. */
export function found(parts: Partial<RegisteredDevice> = {}): RegisteredDevice {
  return {
    id: idOf('edge-001'),
    etag: 'MQ==',
    edge: true,
    authentication: 'selfSigned',
    thumbprints: { primary: digest('new-1'), secondary: digest('new-2') },
    status: 'enabled',
    deviceScope: 'ms-azure-iot-edge://edge-001-1',
    ...parts,
  };
}
