import { runGit } from './run-git.ts';

/** Returns the URL of the remote `origin`, or nothing if there is no repository, no such remote, or no git. */
export async function originUrl(root: string): Promise<string | undefined> {
  try {
    const url = (await runGit(root, ['remote', 'get-url', 'origin'])).toString('utf8').trim();
    return url === '' ? undefined : url;
  } catch {
    return undefined;
  }
}
