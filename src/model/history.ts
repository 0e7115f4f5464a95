/** One version of a file: its path at that time, and the git id of its contents. */
export interface FileVersion {
  readonly path: string;
  readonly blob: string;
  /** The range of commits with this version, counted from the branch's first commit: `from` included, `until` not included. */
  readonly from: number;
  readonly until: number;
  /** The newest commit ended this version: it changed or deleted the file. */
  readonly endedByHead?: true;
}

/** The history of the default branch: every state that it has had. */
export interface History {
  /**
   * Returns every version of the files at these paths and globs (relative to the workspace), each once, with the current one.
   * Follows renames back, and follows links to their targets. Throws a `Fault` if the history is cut off (a shallow clone).
   */
  versionsOf(patterns: readonly string[]): Promise<readonly FileVersion[]>;
  /** Returns the contents of the versions, in the same order. */
  read(versions: readonly FileVersion[]): Promise<readonly Buffer[]>;
}
