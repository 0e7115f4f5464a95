import type { DeviceId, JsonObject } from './fleet.ts';
import type { Thumbprint } from './identity.ts';
import type { Owner } from './owner.ts';

export type AuthenticationType = 'selfSigned' | 'sas' | 'certificateAuthority' | 'none';

/** A device in the hub: the fields of its identity that this product reads, writes or must send back. */
export interface RegisteredDevice {
  readonly id: DeviceId;
  /** The identity's etag, bare (without quotes). */
  readonly etag: string;
  readonly edge: boolean;
  readonly authentication: AuthenticationType;
  /** As stored in the hub, in upper or lower case. */
  readonly thumbprints: { readonly primary?: string; readonly secondary?: string };
  readonly status: 'enabled' | 'disabled';
  readonly statusReason?: string;
  /** The hub makes it for an edge device. An update must send it back. */
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /** When the device last connected or sent a message, in milliseconds since 1970. Absent if the hub knows of no such time. */
  readonly lastActivity?: number;
  /** Absent if the tags were not read. If only our own tags were asked for, it may hold no others. */
  readonly twin?: Twin;
}

/** The part of a device twin that this product reads and writes. Its etag (without quotes) changes independently of the identity's. */
export interface Twin {
  readonly etag: string;
  readonly tags: JsonObject;
}

/** What to write. This is always the whole identity, since an update replaces it. */
export interface Registration {
  readonly id: DeviceId;
  readonly thumbprints: { readonly primary: Thumbprint; readonly secondary: Thumbprint };
  readonly status: 'enabled' | 'disabled';
  readonly statusReason?: string;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /** For a new device, its first tags. An update does not touch tags. */
  readonly tags?: JsonObject;
  /** For a new device, the owner whose mark it gets. */
  readonly owner?: Owner;
}
