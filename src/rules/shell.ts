/** Returns a path as one word of a POSIX shell. People paste remedies, and the author of a pull request chooses the file names. */
export function shellWord(path: string): string {
  return /^[\w./][\w./@%+=:,-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
