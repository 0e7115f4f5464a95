import type { Rest } from './backoff.ts';
import type { DeviceId, HubHost, JsonObject } from './fleet.ts';
import type { RegisteredDevice, Registration, Twin } from './registration.ts';
import type { Stop } from './stop.ts';

export type RegistryWrite =
  | { readonly mode: 'create'; readonly registration: Registration }
  | { readonly mode: 'update'; readonly registration: Registration; readonly etag: string }
  /** `disable` and `delete` take effect only if the device still has the etag that was found. */
  | { readonly mode: 'disable'; readonly found: RegisteredDevice; readonly statusReason: string }
  | { readonly mode: 'delete'; readonly found: RegisteredDevice };

/** Returns the id of the device that a write is about. */
export function idOf(write: RegistryWrite): DeviceId {
  return 'registration' in write ? write.registration.id : write.found.id;
}

/** The hub's answer for one device of a write. `unanswered`: the write was sent, and its result is not known. */
export type WriteAnswer =
  | {
      readonly id: DeviceId;
      readonly answer: 'applied';
      /** The hub refused the owner's mark of a new device, and took the device without it. */
      readonly unmarked?: true;
    }
  | {
      readonly id: DeviceId;
      readonly answer: 'refused';
      readonly code: RefusalCode;
      readonly message: string;
      /** With `throttled`: how long to leave the hub alone. */
      readonly rest?: Rest;
    }
  | { readonly id: DeviceId; readonly answer: 'unanswered'; readonly message: string };

/**
 * `exists` 409001, `absent` 404001, `changed` 412 (stale etag), `throttled` 429xxx; `unauthorized` 401xxx; `unreached`: the hub accepted no connection,
 * so nothing was sent; `other`: everything else.
 */
export type RefusalCode = 'exists' | 'absent' | 'changed' | 'throttled' | 'unauthorized' | 'unreached' | 'other';

/** Import jobs: the hub's own way to write more devices than one client can. */
export interface Importer {
  /**
   * Writes any number of devices with unique ids by one job. Returns one answer per write, in order; `unanswered` if the job
   * broke off or its result is not known. Rejects with a `Fault` if nothing was written: the container or the hub refused, or
   * the run was stopped before the job began. A later stop cancels the job, and the answers say so.
   */
  write(writes: readonly RegistryWrite[], watch: ImportWatch): Promise<readonly WriteAnswer[]>;
}

export interface ImportWatch {
  readonly stop: Stop;
  /** Receives the state of the job as one sentence. */
  readonly tell: (text: string) => void;
}

/**
 * Which tags to read. `marked`: all tags of a device whose tags a manifest has named, and of any other device only the mark of its
 * owner. For a few devices that costs one query more. The twins are left out if the caller may not query.
 */
export type TagsRead = 'all' | 'marked' | 'none';

/** A device and its twin, read at one moment. */
export type DeviceWithTwin = RegisteredDevice & { readonly twin: Twin };

/** The identity registry of one hub. Every method throws a `Fault` if the hub cannot be reached or refuses the caller. */
export interface Registry {
  /** Calls go to the name that the workflow gives for it. */
  readonly host: HubHost;
  /** Reads those of the named devices that exist, in the cheapest way. A query may lag some seconds behind. */
  read(
    ids: readonly DeviceId[],
    options?: { readonly tags: TagsRead },
  ): Promise<ReadonlyMap<DeviceId, RegisteredDevice>>;
  /** Reads one device from the registry itself, so the result is current. */
  readOne(id: DeviceId): Promise<RegisteredDevice | undefined>;
  /** Reads all edge devices of the hub with their marks, by query. */
  readEdgeDevices(): Promise<readonly RegisteredDevice[]>;
  /** Sends at most 100 writes with unique ids in one call. Returns one answer per write, in order. */
  write(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]>;
  /** Reads the current twin of one device. */
  readTwin(id: DeviceId): Promise<Twin | undefined>;
  /** Reads one device and its twin by one call, so that the mark of its owner and the etag of its identity belong together. */
  readWithTwin(id: DeviceId): Promise<DeviceWithTwin | undefined>;
  /** Merges tags into a twin that still has this etag. Maps are merged key by key; `null` removes a key. */
  patchTags(id: DeviceId, patch: JsonObject, etag: string): Promise<WriteAnswer>;
  /**
   * Throws a `Fault` if the caller may not write tags. Tries a write that the hub never carries out, and ignores every
   * other result. Absent if every caller that reads twins may also write them.
   */
  readonly requireTagWriting?: (id: DeviceId) => Promise<void>;
  /** Absent if no container is configured for import jobs. */
  readonly importer?: Importer;
  /** Closes the connections that are kept alive. */
  close(): void;
}
