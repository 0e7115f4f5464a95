/** Git is asked only after a private key was found, so it is loaded then. */
export async function checkIgnored(root: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const { ignoredByGit } = await import('../github/git/ignored.ts');
  return ignoredByGit(root, paths);
}
