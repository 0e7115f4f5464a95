/** A path as one word of a POSIX shell. Remedies are pasted, and whoever opens a pull request chooses the names of its files. */
export function shellWord(path: string): string {
  return /^[\w./][\w./@%+=:,-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
