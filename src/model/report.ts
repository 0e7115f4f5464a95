import type { Bundle } from './bundle.ts';
import type { Fault } from './fault.ts';
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

/** A value of the devices' configuration that a pull request changes: of a file of the bundle, by its dotted key. */
export interface ConfigurationChange {
  /** `agent.image` */
  readonly key: string;
  /** Absent: the key is new. */
  readonly before?: string;
  /** Absent: the key is gone. */
  readonly after?: string;
  /** The ids of the devices whose value changes so. */
  readonly devices: readonly string[];
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
  /** Absolute; where the plan was written to be approved, if it was. */
  readonly planFile?: string;
  /** What devices would run otherwise than at the base of the pull request; absent where that was not compared. */
  readonly configuration?: readonly ConfigurationChange[];
  /** What ended the run, or a part of it, too early; the rest of the report is true all the same. */
  readonly faults: readonly Fault[];
}

const goodResults: ReadonlySet<Result> = new Set<Result>([
  'valid',
  'unchanged',
  'changes',
  'changed',
  'rendered',
  'in-sync',
  'listed',
]);

/** Whether a run ends with exit code 0. */
export function endsWell({ result, faults }: Report): boolean {
  return goodResults.has(result) && faults.length === 0;
}

/** 0 well; 1 findings, drift, failed devices or a fault; 2 wrong usage; 3 stopped by a signal or a time limit, the rest unharmed. */
export function exitCode(report: Report): 0 | 1 | 2 | 3 {
  if (report.faults.some(({ kind }) => kind === 'usage')) return 2;
  if (report.faults.some(({ kind }) => kind === 'stopped')) return 3;
  return endsWell(report) ? 0 : 1;
}

/** The report of a run that faults ended before it had one. */
export function endedEarly(command: string | undefined, ...faults: readonly Fault[]): Report {
  return {
    command: commands.find((known) => known === command) ?? 'plan',
    result: 'failed',
    devices: 0,
    findings: [],
    changes: [],
    outcomes: [],
    bundles: [],
    listed: [],
    faults,
  };
}
