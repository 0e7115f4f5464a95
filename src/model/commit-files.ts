/** One file of a commit, as the repository keeps it. */
export interface CommitFile {
  /** `other`: a submodule. */
  readonly kind: 'file' | 'link' | 'other';
  /** In bytes. */
  readonly size: number;
}

/** The files of one commit, without any conversion. Paths are relative to one folder, with `/`. */
export interface CommitFiles {
  readonly files: ReadonlyMap<string, CommitFile>;
  /** Returns the bytes of a file, or the path that a link holds. Throws if the repository does not have them. */
  readonly read: (path: string) => Buffer;
}
