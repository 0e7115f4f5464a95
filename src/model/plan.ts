import type { DeviceId, HubHost, JsonObject, Slot } from './fleet.ts';
import type { Certificate, Identity, Thumbprint } from './identity.ts';
import type { Owner, OwnerMark } from './owner.ts';
import type { RegisteredDevice, Registration } from './registration.ts';

export type FieldName =
  | 'authentication'
  | 'edge'
  | 'primaryThumbprint'
  | 'secondaryThumbprint'
  | 'status'
  | 'statusReason'
  | 'parent'
  | 'registration'
  | 'owner';

/** A tag by its dotted path: `tags.site`, `tags.location.plant`. Reasons hold its values as JSON. */
export type TagField = `tags.${string}`;

/** One reason to change a device: a field, its value in the hub and its value in the manifest. */
export interface Reason {
  readonly field: FieldName | TagField;
  readonly before: string | null;
  readonly after: string | null;
  /** What else a person should know. src/model/reasons.ts has the words. */
  readonly note?: ReasonNote;
}

/**
 * `other-digest`: the thumbprint belongs to the same certificate; `declared-again`: the device is back in the manifest;
 * `tag-mark`: the field is the list of the tags that the manifest names.
 */
export type ReasonNote = 'other-digest' | 'declared-again' | 'tag-mark';

/**
 * What a change of thumbprints does to the certificates that the hub accepts. `staging`: adds a new one and keeps the old;
 * `dropping`: removes one and adds none; `replacing`: keeps one and exchanges the other; `swap`: exchanges the slots of the two;
 * `other-digest`: keeps the same certificates in the same slots under another digest; `filling`: puts the one certificate into
 * the empty slot too; `first`: adds the first ones; `lockout`: keeps none of the old ones.
 */
export type Rotation = 'first' | 'staging' | 'dropping' | 'replacing' | 'swap' | 'other-digest' | 'filling' | 'lockout';

/** The certificate that a device must carry already: a change drops its other one, and no run knows which of the two it carries. */
export interface MustCarry {
  readonly slot: Slot;
  readonly thumbprint: Thumbprint;
}

/** The change of the tags of an existing device. */
export interface TagChange {
  /** Merged into the tags. `null` removes a key. */
  readonly patch: JsonObject;
  readonly reasons: readonly (Reason & { readonly field: TagField })[];
}

/** The device gets the mark of this repository, because the workflow says `adopt`. */
export interface Claim {
  readonly owner: Owner;
  /** The mark that the device has now. */
  readonly before: OwnerMark;
}

/** The parent that the manifest names; an `id` of null means no parent. Without `scope` the parent does not exist in the hub yet. */
export interface WantedParent {
  readonly id: DeviceId | null;
  readonly scope?: string;
}

/** What earlier commits tell of the devices. */
export interface Past {
  /** The devices at the commit before: the base of a pull request or of a merge group, the commit before a push. */
  readonly before: ReadonlyMap<DeviceId, Identity>;
  /** When a certificate came onto the branch, in milliseconds since 1970. Undefined if it is not known. */
  readonly committed: (certificate: Certificate) => number | undefined;
}

interface ChangeOf {
  readonly id: DeviceId;
  readonly hub: HubHost;
  readonly identity: Identity;
  /** Absent if the manifest does not name a parent. The device then keeps the parent that it has. */
  readonly parent?: WantedParent;
}

/**
 * The planned change of one device.
 * `claim`: only the mark of the owner is written; an `update` may claim too. `conflict`: the device in the hub is foreign
 * (`plan/foreign`); `blocked`: the change would cut the device off (`plan/lockout`, `plan/carried-certificate`).
 */
export type Change =
  | (ChangeOf & { readonly kind: 'create'; readonly registration: Registration })
  | (ChangeOf & {
      readonly kind: 'update';
      /** Not written if `registers` is false: then only the tags differ. */
      readonly registration: Registration;
      readonly registers: boolean;
      readonly tags?: TagChange;
      readonly claim?: Claim;
      readonly found: RegisteredDevice;
      /** The reasons about tags come last. */
      readonly reasons: readonly Reason[];
      readonly rotation?: Rotation;
      readonly mustCarry?: MustCarry;
    })
  | (ChangeOf & { readonly kind: 'unchanged'; readonly found: RegisteredDevice })
  | (ChangeOf & {
      readonly kind: 'claim';
      readonly found: RegisteredDevice;
      readonly claim: Claim;
      readonly reasons: readonly Reason[];
    })
  | (ChangeOf & {
      readonly kind: 'conflict' | 'blocked';
      readonly found: RegisteredDevice;
      readonly reasons: readonly Reason[];
      readonly rotation?: Rotation;
    })
  | Removal;

/**
 * The removal of a device that the default branch declared before and no longer declares. `disable` keeps the device in the hub,
 * but it cannot connect; its status reason names this product. `delete` deletes the device and its twin.
 */
export interface Removal {
  readonly kind: 'disable' | 'delete';
  readonly id: DeviceId;
  readonly hub: HubHost;
  /** This repository, whose mark the device bears. */
  readonly owner: Owner;
  readonly found: RegisteredDevice;
  readonly reasons: readonly Reason[];
}

export type ChangeKind = Change['kind'];

/**
 * The result of one device. `failed`: the change is certainly not in effect. `unknown`: the change was sent and not answered,
 * and the state of the hub does not show the result either.
 */
export interface DeviceOutcome {
  readonly device: DeviceId;
  readonly hub: HubHost;
  readonly result: 'created' | 'updated' | 'claimed' | 'unchanged' | 'removed' | 'failed' | 'unknown';
  readonly reason?: string;
  /** Present if its tags were written, together with the device or after it. */
  readonly tags?: 'written';
  /** `claimed`: it bears our mark now. `refused`: the hub created it only without our mark, so it cannot be pruned. */
  readonly owner?: 'claimed' | 'refused';
}

/** Returns the key of a device that is unique within a run. The id alone is not: it may exist in several hubs. */
export function key({ device, hub }: { readonly device: string; readonly hub: string | undefined }): string {
  return `${hub ?? ''}/${device}`;
}
