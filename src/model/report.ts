import type { Bundle } from './bundle.ts';
import type { Finding } from './finding.ts';
import type { HubHost } from './fleet.ts';
import type { Change, DeviceOutcome } from './plan.ts';
import type { RegisteredDevice } from './registration.ts';

export const commands = ['validate', 'plan', 'apply', 'render', 'verify', 'list'] as const;
export type Command = (typeof commands)[number];

export type Result =
  | 'valid'
  | 'invalid'
  | 'unchanged'
  | 'changes'
  | 'changed'
  | 'partial'
  | 'failed'
  | 'rendered'
  | 'in-sync'
  | 'drift'
  | 'listed';

/** A device of the hub as `list` shows it. */
export interface ListedDevice {
  readonly hub: HubHost;
  readonly device: RegisteredDevice;
  readonly managed: boolean;
}

/** Everything a run has to say; the doors only choose how to say it. */
export interface Report {
  readonly command: Command;
  readonly result: Result;
  /** Devices that the manifests want (of the hubs in this run). */
  readonly devices: number;
  readonly findings: readonly Finding[];
  readonly changes: readonly Change[];
  readonly outcomes: readonly DeviceOutcome[];
  readonly bundles: readonly Bundle[];
  /** Absolute; absent when nothing was written. */
  readonly bundlesDirectory?: string;
  readonly listed: readonly ListedDevice[];
}
