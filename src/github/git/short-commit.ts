/** A commit as people read it: the first 12 digits of its hash. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}
