import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { publishedOwner, repositoryName } from '../../scripts/repository-name.ts';
import { type ActLog, readLog } from './act-log.ts';
import { othersActions } from './artifact-actions.ts';
import { folderWith } from './folder.ts';
import { actPath } from './tools.ts';

/** A push, a pull request …: its name as in `on:`, and the content of `github.event`. */
export interface Trigger {
  readonly event: string;
  readonly payload: object;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Folders that replace third-party actions, by `owner/name@commit`. */
  readonly actions?: Readonly<Record<string, string>>;
  /** Environment variables for every step. Steps do not get the variables of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What happens after the first artifact of `actions/upload-artifact`, as long as a job waits for its approval. */
  readonly meanwhile?: () => void;
}

export interface WorkflowRun extends ActLog {
  readonly code: number | null;
  /** Everything that act printed, with secrets. For the messages of failing tests. */
  readonly trace: string;
}

/**
 * Runs the workflows of a repository (a folder that `commit` has committed) on this machine, without containers and
 * without GitHub. They reach this repository, in its present state and with `dist/`, as `OWNER/provision-iot-edge@v1`, whoever OWNER is.
 * In place of `actions/checkout` act copies the folder, so nothing is downloaded.
 */
export async function runWorkflows(repository: string, trigger: Trigger): Promise<WorkflowRun> {
  const act = actPath();
  if (act === undefined) throw new Error('act is absent');
  const work = folderWith({ 'event.json': JSON.stringify(trigger.payload), 'artifacts/.keep': '' });
  const meanwhile = await atFirstRequest(trigger.meanwhile);
  const pairs = (option: string, values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).map(([name, value]) => `--${option}=${name}=${value}`);
  const child = spawn(
    act,
    [
      trigger.event,
      `--directory=${repository}`,
      `--eventpath=${join(work, 'event.json')}`,
      '--platform=ubuntu-latest=-self-hosted',
      ...pairs('local-repository', { [`${ourName}@${ourRef}`]: publish(), ...othersActions(), ...trigger.actions }),
      `--action-cache-path=${join(work, 'cache')}`,
      '--no-cache-server',
      '--json',
      // Lists the jobs that were skipped.
      '--verbose',
      // Given here, so that act does not take the token from the user's own sign-in.
      ...pairs('secret', { GITHUB_TOKEN: '', ...trigger.secrets }),
      ...pairs('var', trigger.vars),
      ...pairs('env', { ...trigger.env, ARTIFACTS: join(work, 'artifacts'), MEANWHILE: meanwhile }),
    ],
    {
      // The Node of the tests comes first. An empty HOME hides the user's settings of act.
      env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), HOME: work },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, ...readLog(stdout), trace: stderr + stdout };
}

/** Starts a server that does the work at its first request, and returns its URL; an empty one if there is no work. */
async function atFirstRequest(work: (() => void) | undefined): Promise<string> {
  if (work === undefined) return '';
  let isDone = false;
  const server = createServer((_, response) => {
    if (!isDone) work();
    isDone = true;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

const ourName = `${publishedOwner()}/${repositoryName}`;
const ourRef = 'v1';

/** Replaces what GitHub accepts in a workflow and act does not. The rest of the workflow runs as it is. */
const rewritings = [
  // An action of the same repository and commit. act knows only `owner/name/path@ref`.
  { from: /uses: \$\/(\S+)/g, to: `uses: ${ourName}/$1@${ourRef}` },
  // A key of `concurrency` that act's schema does not know and refuses. act ignores concurrency.
  { from: /^ +queue: max\n/gm, to: '' },
  // With a `ref`, act clones from GitHub. Without it, act takes the folder.
  { from: /^ +ref: refs\/tags\/.*\n/gm, to: '' },
  // In act an output of a job that did not run is the text of its expression. On GitHub it is empty.
  {
    from: /\b((?:jobs|needs)\.[\w-]+\.outputs\.[\w-]+)/g,
    to: `(!startsWith($1, '$$') && $1 || '')`,
  },
  // act does not number the jobs of a matrix.
  { from: /strategy\.job-index/g, to: 'matrix.hub' },
  // act computes the matrix even of a skipped job, where the output is not set.
  { from: /hub: \$\{\{ fromJSON\((.+)\) \}\}/g, to: `hub: \${{ fromJSON(startsWith($1, '[') && ($1) || '[""]') }}` },
] as const;

/** Copies the parts of this repository that other repositories use. The copy is removed when the test ends. */
function publish(): string {
  const root = folderWith();
  for (const name of ['action.yml', 'run', 'dist', '.github']) cpSync(name, join(root, name), { recursive: true });
  for (const file of globSync('.github/workflows/*.yml', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8');
    writeFileSync(
      join(root, file),
      rewritings.reduce((before, { from, to }) => before.replace(from, to), text),
    );
  }
  return root;
}

/**
 * Commits all files of a folder to its branch `main`, as a clone of octo/fleet on GitHub. Can be called again after
 * changes.
 */
export function commit(folder: string): void {
  const git = (...args: readonly string[]) => {
    execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'remote.origin.url', 'https://github.com/octo/fleet');
  git('add', '--all');
  const author = ['-c', 'user.name=Octo', '-c', 'user.email=octo@example.com', '-c', 'commit.gpgsign=false'];
  git(...author, 'commit', '--quiet', '--message=Fleet');
}
