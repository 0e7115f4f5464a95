/**
 * Whether a name is that of a git folder on any system. Windows and macOS do not distinguish `.GIT` from `.git`. NTFS also opens it as `git~1`,
 * with dots and spaces behind the name, and with the name of a stream: https://github.com/git/git/blob/v2.52.0/path.c, is_ntfs_dotgit.
 */
export function isGitFolder(name: string): boolean {
  return /^(\.git|git~1)[ .]*(:.*)?$/i.test(name);
}
