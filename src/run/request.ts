import type { Capacity } from '../model/capacity.ts';
import type { Finding } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { History } from '../model/history.ts';
import type { Progress } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import type { Command } from '../model/report.ts';
import type { Stop } from '../model/stop.ts';
import type { Workspace } from '../model/workspace.ts';
import type { PlanOptions } from '../plan/plan.ts';

/** One run, as a door understood it. From here on no code knows whether a runner or a terminal asked. */
export interface Request {
  readonly command: Command;
  /** `validate` in place of a plan, which cannot sign in here: it is refused the hubs that the plan would be refused. */
  readonly insteadOfPlan?: true;
  /** Paths and globs, relative to the workspace. */
  readonly manifests: readonly string[];
  /** The hubs that the workflow names: credentials go to no others. */
  readonly hubs: readonly HubHost[];
  readonly onlyHub?: HubHost;
  /** Absolute. */
  readonly outputDirectory: string;
  readonly failOn: 'error' | 'warning';
  readonly expiryWarningDays: number;
  readonly plan: PlanOptions;
  /** The size of the hubs, if it is told. */
  readonly hubCapacity?: Capacity;
  /** Minutes after which nothing new is begun. */
  readonly timeLimit?: number;
  /** Absolute: where plan writes what it has planned, and apply finds what was approved. */
  readonly planFile?: string;
  /** What the door itself has noticed. */
  readonly findings: readonly Finding[];
}

/** Everything outside that a run touches; a test hands in its own clock and its own hub. */
export interface World {
  readonly workspace: Workspace;
  readonly openRegistry: (hub: HubHost) => Promise<Registry>;
  readonly now: () => Date;
  /** Ends early, one way or the other, when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly stop: Stop;
  readonly progress: Progress;
  /** Throws a `Fault` where bundles, once written, could not be published: asked before anything is written. */
  readonly checkPublishing: () => void;
  /** Throws a `Fault` where the run may not write because its files are no longer the newest: asked before anything is written. */
  readonly requireCurrent?: (read: FilesRead) => Promise<void>;
  /** The past of the default branch. Throws a `Fault` where this run may not, or cannot, look into it. */
  readonly openHistory: () => Promise<History>;
  /** The files as the base of the pull request has them; absent where there is no pull request. */
  readonly openBase?: () => Promise<BaseFiles | undefined>;
}

/** The files that a run goes by, relative to the workspace. */
export interface FilesRead {
  /** Manifests first; then certificates and what devices name as `config.base`. */
  readonly files: readonly string[];
  /** Paths and globs: others that match would have been read too. */
  readonly manifests: readonly string[];
}

/** The files of another commit, for as long as they are needed. */
export interface BaseFiles {
  readonly workspace: Workspace;
  /** What files of now were called there, where they were renamed since; by their new names. */
  readonly renamed: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}
