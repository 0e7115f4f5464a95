import type { DeviceId, HubHost, JsonObject } from './fleet.ts';
import type { Identity } from './identity.ts';
import type { RegisteredDevice, Registration } from './registration.ts';

export type FieldName =
  | 'authentication'
  | 'edge'
  | 'primaryThumbprint'
  | 'secondaryThumbprint'
  | 'status'
  | 'statusReason'
  | 'parent'
  | 'registration';

/** A tag by its dotted path: `tags.site`, `tags.location.plant`. Its values stand in reasons as JSON. */
export type TagField = `tags.${string}`;

/** Why a device is to be changed: one field, as the hub has it and as the manifest wants it. */
export interface Reason {
  readonly field: FieldName | TagField;
  readonly before: string | null;
  readonly after: string | null;
  /** What a person should know about it: `same certificate, other digest`. */
  readonly note?: string;
}

/**
 * What a change of thumbprints does with the certificates that the hub accepts. `staging`: a new one beside those of before;
 * `dropping`: one less, none new; `replacing`: one stays, the other is exchanged; `swap`: the same two in each other's slot;
 * `other-digest`: the same in the same slots, told by another digest; `filling`: the one certificate in a slot that was empty;
 * `first`: there was none; `lockout`: none of those of before stays.
 */
export type Rotation = 'first' | 'staging' | 'dropping' | 'replacing' | 'swap' | 'other-digest' | 'filling' | 'lockout';

/** What has to happen to the tags of an existing device. */
export interface TagChange {
  /** To be merged into the tags: `null` takes a key away. */
  readonly patch: JsonObject;
  readonly reasons: readonly (Reason & { readonly field: TagField })[];
}

/** The parent that the manifest names; `id` null: it wants none. Without a scope the parent is still to be made, and its scope with it. */
export interface WantedParent {
  readonly id: DeviceId | null;
  readonly scope?: string;
}

interface ChangeOf {
  readonly id: DeviceId;
  readonly hub: HubHost;
  readonly identity: Identity;
  /** Absent where the manifest does not name a parent: a device keeps the one it has. */
  readonly parent?: WantedParent;
}

/**
 * What has to happen to one device.
 * `conflict`: the hub's device is not ours to take (`plan/foreign`); `blocked`: the change would cut it off (`plan/lockout`).
 */
export type Change =
  | (ChangeOf & { readonly kind: 'create'; readonly registration: Registration })
  | (ChangeOf & {
      readonly kind: 'update';
      /** Of no use where `registers` is false: the tags alone differ. */
      readonly registration: Registration;
      readonly registers: boolean;
      readonly tags?: TagChange;
      readonly found: RegisteredDevice;
      /** Those of the tags behind the others. */
      readonly reasons: readonly Reason[];
      readonly rotation?: Rotation;
    })
  | (ChangeOf & { readonly kind: 'unchanged'; readonly found: RegisteredDevice })
  | (ChangeOf & {
      readonly kind: 'conflict' | 'blocked';
      readonly found: RegisteredDevice;
      readonly reasons: readonly Reason[];
      readonly rotation?: Rotation;
    })
  | Removal;

/**
 * A device that the default branch once declared and no longer does. `disable`: it stays, may not connect, and its status reason
 * tells who did it; `delete`: it is gone, with its twin.
 */
export interface Removal {
  readonly kind: 'disable' | 'delete';
  readonly id: DeviceId;
  readonly hub: HubHost;
  readonly found: RegisteredDevice;
  readonly reasons: readonly Reason[];
}

export type ChangeKind = Change['kind'];

/**
 * What became of one device. `failed`: what we wanted is certainly not in effect. `unknown`: sent and never answered, and
 * what the hub shows does not tell either.
 */
export interface DeviceOutcome {
  readonly device: DeviceId;
  readonly hub: HubHost;
  readonly result: 'created' | 'updated' | 'unchanged' | 'removed' | 'failed' | 'unknown';
  readonly reason?: string;
  /** Its tags were written, with it or after it. */
  readonly tags?: 'written';
}

/** What tells a device from all others of a run: an id may be in several hubs. */
export function key({ device, hub }: { readonly device: string; readonly hub: string | undefined }): string {
  return `${hub ?? ''}/${device}`;
}
