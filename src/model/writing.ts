import type { HubHost } from './fleet.ts';

/** How far the writing to one hub has come. */
export interface Writing {
  readonly hub: HubHost;
  /** Devices that are to be registered, changed or removed. */
  readonly total: number;
  /** Of these, well or badly. */
  readonly done: number;
  readonly failed: number;
  /** Registry operations so far. */
  readonly operations: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}
