import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from './run-git.ts';

/** A repository at its server. */
export interface RemoteRepository {
  /** The address without credentials: `https://github.com/octo/fleet`. */
  readonly url: string;
  /** A secret. Empty if the repository is read without one. */
  readonly token: string;
}

/** Where a branch or a tag stands at the server. */
export type Newest =
  | { readonly kind: 'gone' }
  | { readonly kind: 'same' }
  | { readonly kind: 'other'; readonly commit: string; readonly files: FileVersions };

/** What each path of a commit is: its kind and the git id of its content. Paths are relative to the top of the repository. */
export type FileVersions = ReadonlyMap<string, string>;

/**
 * Asks the server where a branch or a tag stands. If it is at another commit than the known one, gets the names of its files,
 * without their contents and without its history. The work tree and its repository are neither read nor changed: the token
 * stays away from the settings in them. Throws a `Fault` when git fails.
 * @param ref `refs/heads/main`, `refs/tags/v1`
 * @param known the commit that is checked out
 */
export async function newestAt(remote: RemoteRepository, ref: string, known: string): Promise<Newest> {
  const folder = await mkdtemp(join(tmpdir(), 'provision-newest-'));
  const env = access(remote);
  const git = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    (await runGit(folder, args, { env: { ...env, ...more } })).toString('utf8');
  try {
    const commit = commitIn(await git(['ls-remote', remote.url, ref, `${ref}^{}`]));
    if (commit === undefined) return { kind: 'gone' };
    if (commit === known) return { kind: 'same' };
    await git(['init', '--quiet', '--bare']);
    const inside = (...args: readonly string[]) => git(args, { GIT_DIR: folder });
    await inside('remote', 'add', 'origin', remote.url);
    await inside('fetch', '--quiet', '--no-tags', '--depth=1', '--filter=blob:none', 'origin', ref);
    const fetched = (await inside('rev-parse', 'FETCH_HEAD^{commit}')).trim();
    return { kind: 'other', commit: fetched, files: versionsIn(await inside('ls-tree', ...wholeTree, fetched)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns the files of the commit that is checked out. */
export async function filesOfHead(root: string): Promise<FileVersions> {
  return versionsIn((await runGit(root, ['ls-tree', ...wholeTree, 'HEAD'])).toString('utf8'));
}

const wholeTree = ['-r', '-z', '--full-tree'];

/**
 * Gives git the token for this server alone, as actions/checkout does
 * (https://github.com/actions/checkout/blob/main/src/git-auth-helper.ts), but by the environment: other processes can read
 * the arguments of a command. Other credentials of the machine are not used.
 */
function access({ url, token }: RemoteRepository): Readonly<Record<string, string>> {
  const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const settings = [
    ['credential.helper', ''],
    // Give up on a server that sends nothing for 30 s: https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplowSpeedLimit
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '30'],
    ...(token === '' ? [] : [[`http.${new URL(url).origin}/.extraheader`, header]]),
  ];
  // The machine may have settings of this kind too.
  const first = Number(process.env.GIT_CONFIG_COUNT ?? 0) || 0;
  const variables = settings.flatMap(([name = '', value = ''], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${first + index}`, name],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  // Without contents git would otherwise ask for each one that it misses.
  return { ...Object.fromEntries(variables), GIT_CONFIG_COUNT: `${first + settings.length}`, GIT_NO_LAZY_FETCH: '1' };
}

/** An annotated tag has a second line, which names its commit. https://git-scm.com/docs/git-ls-remote#_output */
function commitIn(listed: string): string | undefined {
  const lines = listed.split('\n').filter((line) => line !== '');
  const chosen = lines.find((line) => line.endsWith('^{}')) ?? lines[0];
  return chosen?.split('\t')[0];
}

/** https://git-scm.com/docs/git-ls-tree#_output_format */
function versionsIn(listed: string): FileVersions {
  return new Map(
    listed.split('\0').flatMap((record): [string, string][] => {
      const [, mode = '', id, path] = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]+)$/.exec(record) ?? [];
      // The first three digits tell a file from a link and a submodule; the others tell who may run it.
      return path === undefined ? [] : [[path, `${mode.slice(0, 3)} ${id}`]];
    }),
  );
}
