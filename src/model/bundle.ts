import type { DeviceId, HubHost } from './fleet.ts';

/** One file of a bundle: a plain name and its text. */
export interface BundleFile {
  readonly name: string;
  /** May be rendered again on each access: the texts of 100,000 devices together take gigabytes. */
  readonly text: string;
}

/** The files that one device needs on its disk. The same input gives the same bytes. */
export interface Bundle {
  readonly device: DeviceId;
  readonly hub: HubHost | undefined;
  /** Relative to the output directory, with `/`; safe on every file system. */
  readonly directory: string;
  /** Safe as the name of an artifact. */
  readonly artifact: string;
  readonly files: readonly BundleFile[];
}

/** How written bundles differ from those that the same folder held before. */
export interface BundleChanges {
  /** Devices that had no bundle there. */
  readonly added: readonly DeviceId[];
  /** Devices with another file or another text of one. */
  readonly changed: readonly DeviceId[];
}
