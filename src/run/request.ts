import type { DeploymentsRequest } from '../deployment/judge.ts';
import type { Capacity } from '../model/capacity.ts';
import type { Finding, RuleChanges } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { History } from '../model/history.ts';
import type { Progress } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import type { Command } from '../model/report.ts';
import type { Stop } from '../model/stop.ts';
import type { Workspace } from '../model/workspace.ts';
import type { PlanOptions } from '../plan/plan.ts';

/** What one run has to do. Code that gets it does not know whether a runner or a terminal asked. */
export interface Request {
  readonly command: Command;
  /** This `validate` replaces a plan that cannot sign in. It refuses the hubs that the plan would refuse. */
  readonly insteadOfPlan?: true;
  /** Paths and globs, relative to the workspace. */
  readonly manifests: readonly string[];
  /** The deployment files to judge; absent if there are none. With them, `validate` needs no devices manifest. */
  readonly deployments?: DeploymentsRequest;
  /** The hubs that the workflow names. Credentials go to no other hub, and there only to the host names that it gives. */
  readonly hubs: readonly HubHost[];
  readonly onlyHub?: HubHost;
  /** Absolute. */
  readonly outputDirectory: string;
  readonly failOn: 'error' | 'warning';
  readonly expiryWarningDays: number;
  /** The severities that the workflow gives to rules. If absent, each rule has its own. */
  readonly rules?: RuleChanges;
  readonly plan: PlanOptions;
  /** The size of the hubs, if it is given. */
  readonly hubCapacity?: Capacity;
  /** After so many minutes the run begins nothing new. */
  readonly timeLimit?: number;
  /** Absolute. `plan` writes its plan there; `apply` reads the approved plan there. */
  readonly planFile?: string;
  /** Absolute. Where report.html is written; absent if it is not wanted. */
  readonly reportHtml?: string;
  /** `list` shows only devices that bear no mark of an owner. */
  readonly unowned?: true;
  /** What the door itself noticed. */
  readonly findings: readonly Finding[];
}

/** Everything outside that a run uses. A test gives its own clock and its own hub. */
export interface World {
  readonly workspace: Workspace;
  readonly openRegistry: (hub: HubHost) => Promise<Registry>;
  readonly now: () => Date;
  /** Resolves or rejects early if the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly stop: Stop;
  readonly progress: Progress;
  /** Throws a `Fault` if bundles could not be published. It is called before anything is written. */
  readonly checkPublishing: () => void;
  /** Throws a `Fault` if the files of the run are no longer the newest. It is called before anything is written. */
  readonly requireCurrent?: (read: FilesRead) => Promise<void>;
  /** Opens the history of the default branch. Throws a `Fault` if this run may not, or cannot, read it. */
  readonly openHistory: () => Promise<History>;
  /** Opens the files at the base of the pull request. Absent if there is no pull request. */
  readonly openBase?: () => Promise<BaseFiles | undefined>;
  /**
   * Opens the files at the commit before: the base of the pull request or of the merge group, or the commit before the push.
   * Undefined if the repository does not have it. Absent if the event has no such commit.
   */
  readonly openBefore?: () => Promise<BaseFiles | undefined>;
  /**
   * Returns when contents of files came onto the branch, by their git ids, in milliseconds since 1970; those that are not known are
   * left out. Absent if there is no repository.
   */
  readonly committedAt?: (blobs: ReadonlySet<string>) => Promise<ReadonlyMap<string, number>>;
}

/** The files that a run reads, relative to the workspace. */
export interface FilesRead {
  /** Manifests first, then certificates and the files that devices name as `config.base`. */
  readonly files: readonly string[];
  /** Paths and globs. Other files that match would be read too. */
  readonly manifests: readonly string[];
}

/** The files of another commit, until `remove` is called. */
export interface BaseFiles {
  readonly workspace: Workspace;
  /** The old names of files that were renamed since, by their new names. */
  readonly renamed: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}
