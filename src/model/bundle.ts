import type { DeviceId, HubHost } from './fleet.ts';

/** One file of a bundle: a plain name and its text. */
export interface BundleFile {
  readonly name: string;
  /** May be rendered anew each time it is asked for: those of 100,000 devices together are gigabytes. */
  readonly text: string;
}

/** What one device needs on its disk. Same input, same bytes. */
export interface Bundle {
  readonly device: DeviceId;
  readonly hub: HubHost | undefined;
  /** Relative to the output directory, with `/`; safe on every file system. */
  readonly directory: string;
  /** Safe as the name of an artifact. */
  readonly artifact: string;
  readonly files: readonly BundleFile[];
}
