import type { Bundle, BundleChanges } from './bundle.ts';
import type { Fault } from './fault.ts';
import type { Finding, RuleChanges } from './finding.ts';
import type { Device, HubHost } from './fleet.ts';
import type { Identity } from './identity.ts';
import type { Owner } from './owner.ts';
import type { Change, DeviceOutcome } from './plan.ts';
import type { RegisteredDevice } from './registration.ts';
import type { Texts } from './texts.ts';

export const commands = ['validate', 'plan', 'apply', 'render', 'verify', 'list'] as const;
export type Command = (typeof commands)[number];

export type Result =
  | 'valid'
  | 'invalid'
  | 'unchanged'
  | 'changes'
  | 'changed'
  | 'written'
  | 'partial'
  | 'failed'
  | 'rendered'
  | 'in-sync'
  | 'drift'
  | 'listed';

/** A device in the hub, as `list` shows it. */
export interface ListedDevice {
  readonly hub: HubHost;
  readonly device: RegisteredDevice;
  readonly managed: boolean;
}

/** One value of the devices' configuration that a pull request changes, by its dotted key in a file of the bundle. */
export interface ConfigurationChange {
  /** `agent.image` */
  readonly key: string;
  /** If absent, the key is new. */
  readonly before?: string;
  /** If absent, the key is removed. */
  readonly after?: string;
  /** The ids of the devices with this change. */
  readonly devices: readonly string[];
}

/** The devices that the manifests declare for the hubs of a run, as report.html shows them. */
export interface DeclaredFleet {
  /** When the run looked at the certificates. */
  readonly at: Date;
  readonly expiryWarningDays: number;
  readonly devices: readonly Device[];
  /** Of the devices whose certificates have no error. */
  readonly identities: readonly Identity[];
  /** Of the devices that have no error. */
  readonly bundles: readonly Bundle[];
}

/** The whole result of a run. The doors (action, command line) only choose how to show it. */
export interface Report {
  readonly command: Command;
  readonly result: Result;
  /** The number of devices that the manifests declare for the hubs of this run. */
  readonly devices: number;
  /** The deployment files that were checked; absent if the run has none. */
  readonly deployments?: readonly string[];
  readonly findings: readonly Finding[];
  /** The texts of the files in which findings have their places; absent if none was read. */
  readonly texts?: Texts;
  /** The severities that the workflow gave to rules; absent if it gave none. */
  readonly rules?: RuleChanges;
  readonly changes: readonly Change[];
  readonly outcomes: readonly DeviceOutcome[];
  readonly bundles: readonly Bundle[];
  /** Absolute path; absent if no bundle was written. */
  readonly bundlesDirectory?: string;
  /** How the bundles differ from those that the folder held before; absent if it held none. */
  readonly bundleChanges?: BundleChanges;
  /** The names of the uploaded artifacts; absent if none was uploaded. */
  readonly artifacts?: readonly string[];
  readonly listed: readonly ListedDevice[];
  /** The repository of this run. Absent if it is not known, or no hub was asked. */
  readonly owner?: Owner;
  /** How many devices no manifest declares any more, and stay because they are not this repository's. */
  readonly kept?: number;
  /** Absolute path of the plan file that was written for approval; absent if none was written. */
  readonly planFile?: string;
  /** Absent if no report.html is wanted. */
  readonly fleet?: DeclaredFleet;
  /** The path of report.html, and the web page of its artifact if it was uploaded. Absent if it was not written. */
  readonly page?: { readonly file: string; readonly url?: string };
  /** The changes of configuration against the base of the pull request; absent if nothing was compared. */
  readonly configuration?: readonly ConfigurationChange[];
  /** The faults that ended the run, or a part of it, early. The rest of the report is still valid. */
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

/**
 * Returns the report with faults of what follows the writing to the hubs: files and uploads. If the hubs are right, its
 * result is `written` then.
 */
export function withLaterFaults(report: Report, faults: readonly Fault[]): Report {
  if (faults.length === 0) return report;
  const right = report.command === 'apply' && (report.result === 'changed' || report.result === 'unchanged');
  return {
    ...report,
    ...(right ? { result: 'written' } : {}),
    faults: [...new Set([...report.faults, ...faults])],
  };
}

/** Tells whether a run ends with exit code 0. */
export function endsWell({ result, faults }: Report): boolean {
  return goodResults.has(result) && faults.length === 0;
}

/** Returns the exit code: 0 success; 1 findings, drift, failed devices or a fault; 2 wrong usage; 3 stopped by a signal or a time limit. */
export function exitCode(report: Report): 0 | 1 | 2 | 3 {
  // A folder that cannot be used is wrong usage only until something is written.
  if (report.result !== 'written' && report.faults.some(({ kind }) => kind === 'usage')) return 2;
  if (report.faults.some(({ kind }) => kind === 'stopped')) return 3;
  return endsWell(report) ? 0 : 1;
}

/** Returns the report of a run that faults ended before it had a report. */
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
