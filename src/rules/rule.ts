import type { Severity } from '../model/finding.ts';

/**
 * Who refuses what a rule finds. `source` says where that is known from: a file of the runtime at a version, a recorded answer, a page
 * of documentation, an issue.
 */
export type Refuser =
  | { readonly who: 'hub'; readonly source: string }
  /** `versions`: such as `1.2 to 1.6`. `when`: the moment at which the device refuses it. */
  | {
      readonly who: 'runtime';
      readonly versions: string;
      readonly when: 'config apply' | 'start' | 'first connection' | 'deployment';
      readonly source: string;
    }
  | { readonly who: 'iotedge check'; readonly says: 'error' | 'warning'; readonly source: string }
  /** Nothing outside refuses it: we do. */
  | { readonly who: 'this action'; readonly since: OwnReason }
  /** Our advice. */
  | { readonly who: 'nobody' };

/**
 * Why this action refuses something of its own accord: a device would be cut off; a secret would leak; the device belongs to somebody
 * else; a file lies outside of the workspace; the manifest says nothing that could be carried out; the workflow does not allow it.
 */
export type OwnReason = 'cut-off' | 'secret' | 'owner' | 'workspace' | 'manifest' | 'workflow';

/** How far the input `rules` may lower a severity. It may raise any. */
export type Adjustable = 'no' | 'warning' | 'off';

/** One check. Its name is its key in the table. `Details` are the values in its texts. */
export interface Rule<Details> {
  readonly severity: Severity;
  /** An error has one that is not `nobody`, nor `iotedge check` alone. */
  readonly refusedBy: readonly Refuser[];
  /** `no` if absent. */
  readonly adjustable?: Adjustable;
  /** Nobody is told unless the input `rules` gives the rule a severity. */
  readonly initially?: 'off';
  /** One finding tells it for all devices, wherever they stand: one commit can do it to a whole fleet. */
  readonly fleetwide?: true;
  /**
   * How much of the line at its place people see. `hidden`: nothing, since the finding is not about that line. `key`: no more than the
   * key, since nobody knows what it holds. If absent: the line. Rules that are there because a secret would leak (`refusedBy`) never
   * show theirs.
   */
  readonly line?: 'hidden' | 'key';
  /** When the rule fires and what would happen on the device otherwise, for docs/rules.md. */
  readonly about: string;
  /** What was found and what was expected: a clause without a full stop. */
  message(details: Details): string;
  /** What to do or to type: one sentence or more. */
  remedy(details: Details): string;
  /**
   * The files of the workspace that commands of the remedy name, as `shellWord` writes them there. On a command line they are named
   * from the folder in which the user stands.
   */
  commandFiles?(details: Details): readonly string[];
  /** Details for the example in docs/rules.md and in SARIF. */
  readonly example: Details;
}

/** Gives each row of a table its own type of details. */
export function rule<Details>(row: Rule<Details>): Rule<Details> {
  return row;
}
