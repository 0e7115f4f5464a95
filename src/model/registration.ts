import type { DeviceId, JsonObject } from './fleet.ts';
import type { Thumbprint } from './identity.ts';

export type AuthenticationType = 'selfSigned' | 'sas' | 'certificateAuthority' | 'none';

/** A device as the hub holds it: the fields of its identity that this product reads, writes or must send back. */
export interface RegisteredDevice {
  readonly id: DeviceId;
  /** The identity's etag, bare (without quotes). */
  readonly etag: string;
  readonly edge: boolean;
  readonly authentication: AuthenticationType;
  /** As the hub stores them; any case. */
  readonly thumbprints: { readonly primary?: string; readonly secondary?: string };
  readonly status: 'enabled' | 'disabled';
  readonly statusReason?: string;
  /** Made by the hub for an edge device; an update must send it back. */
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /** Absent where tags were not asked for, or only those with our mark and it has none. */
  readonly twin?: Twin;
}

/** The part of a device's twin that this product reads and writes. Its etag is its own, bare: it moves without the identity's. */
export interface Twin {
  readonly etag: string;
  readonly tags: JsonObject;
}

/** What to write: always the whole identity, since an update replaces it. */
export interface Registration {
  readonly id: DeviceId;
  readonly thumbprints: { readonly primary: Thumbprint; readonly secondary: Thumbprint };
  readonly status: 'enabled' | 'disabled';
  readonly statusReason?: string;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /** Of a device that is created, the tags it begins with; an update leaves them alone. */
  readonly tags?: JsonObject;
}
