import type { Rest } from './backoff.ts';
import type { DeviceId, HubHost, JsonObject } from './fleet.ts';
import type { RegisteredDevice, Registration, Twin } from './registration.ts';
import type { Stop } from './stop.ts';

export type RegistryWrite =
  | { readonly mode: 'create'; readonly registration: Registration }
  | { readonly mode: 'update'; readonly registration: Registration; readonly etag: string }
  /** Both hold only for a device that still has the etag that was found. */
  | { readonly mode: 'disable'; readonly found: RegisteredDevice; readonly statusReason: string }
  | { readonly mode: 'delete'; readonly found: RegisteredDevice };

/** The device that a write is about. */
export function idOf(write: RegistryWrite): DeviceId {
  return 'registration' in write ? write.registration.id : write.found.id;
}

/** The hub's word on one device of a write. `unanswered`: sent, and nobody knows whether it was carried out. */
export type WriteAnswer =
  | { readonly id: DeviceId; readonly answer: 'applied' }
  | {
      readonly id: DeviceId;
      readonly answer: 'refused';
      readonly code: RefusalCode;
      readonly message: string;
      /** Of `throttled`: how long the hub wants to be left alone. */
      readonly rest?: Rest;
    }
  | { readonly id: DeviceId; readonly answer: 'unanswered'; readonly message: string };

/**
 * `exists` 409001, `absent` 404001, `changed` 412 (stale etag), `throttled` 429xxx; `unreached`: the hub took no connection, so that
 * nothing was sent; everything else `other`.
 */
export type RefusalCode = 'exists' | 'absent' | 'changed' | 'throttled' | 'unreached' | 'other';

/** Import jobs: the hub's own engine for what outgrows one client. */
export interface Importer {
  /**
   * Writes any number of devices, ids unique, by one job; one answer per write, in order. `unanswered`: the job broke off, or what
   * became of it is not known. Rejects with a `Fault` where nothing was written: the container or the hub refuses, or the run was
   * stopped before. A stop later on cancels the job, and the answers say so.
   */
  write(writes: readonly RegistryWrite[], watch: ImportWatch): Promise<readonly WriteAnswer[]>;
}

export interface ImportWatch {
  readonly stop: Stop;
  /** Told in a sentence where the job stands. */
  readonly tell: (text: string) => void;
}

/**
 * Whose twins are read: `all`, `none`, or those of the `marked` devices, whose tags a manifest has named. Those cost a query at most, and
 * are left out where the caller may not query.
 */
export type TagsRead = 'all' | 'marked' | 'none';

/** The identity registry of one hub. Every method throws a `Fault` when the hub cannot be reached or refuses the caller. */
export interface Registry {
  readonly host: HubHost;
  /** The named devices that the hub has, read the cheapest way; by query this may lag some seconds behind. */
  read(
    ids: readonly DeviceId[],
    options?: { readonly tags: TagsRead },
  ): Promise<ReadonlyMap<DeviceId, RegisteredDevice>>;
  /** One device, read from the registry itself: the truth of this moment. */
  readOne(id: DeviceId): Promise<RegisteredDevice | undefined>;
  /** All edge devices of the hub, by query. */
  readEdgeDevices(): Promise<readonly RegisteredDevice[]>;
  /** At most 100 writes in one call, ids unique; one answer per write, in order. */
  write(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]>;
  /** The twin of one device, as it is at this moment. */
  readTwin(id: DeviceId): Promise<Twin | undefined>;
  /** Merges tags into a twin that still has this etag: maps key by key, `null` takes a key away. */
  patchTags(id: DeviceId, patch: JsonObject, etag: string): Promise<WriteAnswer>;
  /**
   * Throws a `Fault` where the caller may not write tags, by a write that is never carried out; of anything else it says nothing.
   * Absent where whoever reads twins may write them.
   */
  readonly requireTagWriting?: (id: DeviceId) => Promise<void>;
  /** Import jobs; absent where no container is named for them. */
  readonly importer?: Importer;
  /** Ends the connections that are kept alive. */
  close(): void;
}
