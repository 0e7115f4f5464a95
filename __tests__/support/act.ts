import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { folderWith } from './folder.ts';

/** Where act (https://github.com/nektos/act) lies; undefined where it is absent: tests that need it then skip by name. */
export const act = find();

function find(): string | undefined {
  return inPath('act') ?? [installedByGo()].find(isExecutable);
}

/** Whether a program is in the path that workflows run with; on GitHub's runners it is. */
export function isThere(program: string): boolean {
  return inPath(program) !== undefined;
}

function inPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function installedByGo(): string {
  try {
    const gopath = execFileSync('go', ['env', 'GOPATH'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return join(gopath.trim(), 'bin', 'act');
  } catch {
    return '';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A push, a pull request …: its name as in `on:`, and what stands in `github.event`. */
export interface Trigger {
  readonly event: string;
  readonly payload: object;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Folders that stand for actions of others, by `owner/name@commit`. */
  readonly actions?: Readonly<Record<string, string>>;
  /** For every step; the other variables of this process do not reach them. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface WorkflowRun {
  readonly code: number | null;
  /** By the job's id, in a matrix followed by its values: `apply localhost:8443`. Of the jobs of called workflows, not of those that call. */
  readonly jobs: Readonly<Record<string, 'success' | 'failure' | 'skipped'>>;
  /** What steps that have an `id` put out, by it; in a matrix followed by its values. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly annotations: readonly Annotation[];
  /** What steps wrote for the job's summary, before anything in it is masked. */
  readonly summaries: readonly string[];
  /** What people see of it, secrets masked. */
  readonly log: string;
  /** Everything that act said, secrets and all: for messages of failing tests. */
  readonly trace: string;
}

export interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  /** Counted from 1, in digits. */
  readonly line?: string;
}

/**
 * Runs the workflows of a repository (a folder that `commit` has seen) on this machine, without containers and without
 * GitHub. They reach this repository as `OWNER/provision-iot-edge@v1`, as it lies here, `dist/` included.
 * `actions/checkout` is act's own copying of the folder: nothing is downloaded.
 */
export async function runWorkflows(repository: string, trigger: Trigger): Promise<WorkflowRun> {
  if (act === undefined) throw new Error('act is absent');
  const work = folderWith({ 'event.json': JSON.stringify(trigger.payload) });
  const pairs = (option: string, values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).map(([name, value]) => `--${option}=${name}=${value}`);
  const child = spawn(
    act,
    [
      trigger.event,
      `--directory=${repository}`,
      `--eventpath=${join(work, 'event.json')}`,
      '--platform=ubuntu-latest=-self-hosted',
      ...pairs('local-repository', { [`${ourName}@${ourRef}`]: publish(), ...trigger.actions }),
      `--action-cache-path=${join(work, 'cache')}`,
      '--no-cache-server',
      '--json',
      // Says which jobs were skipped.
      '--verbose',
      // Given here, it is not asked for in the user's own sign-in.
      ...pairs('secret', { GITHUB_TOKEN: '', ...trigger.secrets }),
      ...pairs('var', trigger.vars),
      ...pairs('env', trigger.env),
    ],
    {
      // The Node of the tests first; and nobody's settings of act.
      env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), HOME: work },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, ...readLog(stdout), trace: stderr + stdout };
}

const ourName = 'OWNER/provision-iot-edge';
const ourRef = 'v1';

/** What GitHub takes in a workflow and act does not; nothing else of it is changed before it runs here. */
const rewritings = [
  // An action of the same repository and commit: act knows `owner/name/path@ref` alone.
  { from: /uses: \$\/(\S+)/g, to: `uses: ${ourName}/$1@${ourRef}` },
  // A key of `concurrency` newer than act's schema, which refuses it; act runs without concurrency.
  { from: /^ +queue: max\n/gm, to: '' },
  // With a `ref` act would clone from GitHub; without, it takes the folder as it lies.
  { from: /^ +ref: refs\/tags\/.*\n/gm, to: '' },
  // A matrix of a job that was skipped: act works out the matrix all the same, and takes the expression for the output.
  {
    from: /fromJSON\((needs\.hubs\.outputs\.hubs)\)/g,
    to: `fromJSON(startsWith($1, '[') && $1 || '[""]')`,
  },
] as const;

/** A copy of what others reach of this repository, removed when the test ends. */
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

/** Commits all files of a folder to its branch `main`, as a clone of octo/fleet on GitHub. Works again after changes. */
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

/** A line of act's log, as far as it is read here. */
interface Entry {
  readonly level: string;
  readonly msg: string;
  readonly jobID?: string;
  readonly jobResult?: 'success' | 'failure' | 'skipped';
  readonly matrix?: Readonly<Record<string, string>>;
  readonly stepID?: readonly string[];
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  /** Of a summary. */
  readonly content?: string;
  readonly kvPairs?: { readonly title?: string; readonly file?: string; readonly line?: string };
}

function readLog(stdout: string): Omit<WorkflowRun, 'code' | 'trace'> {
  const jobs: Record<string, 'success' | 'failure' | 'skipped'> = {};
  const outputs: Record<string, Record<string, string>> = {};
  const annotations: Annotation[] = [];
  const summaries: string[] = [];
  const log: string[] = [];
  for (const line of stdout.split('\n').filter((line) => line.startsWith('{'))) {
    const {
      level,
      msg,
      jobID,
      jobResult,
      matrix = {},
      stepID: [step = ''] = [],
      command,
      name = '',
      arg = '',
      content,
      ...more
    }: Entry = JSON.parse(line);
    const ofMatrix = (id: string) => [id, ...Object.values(matrix)].filter((part) => part !== '').join(' ');
    if (jobID !== undefined && jobResult !== undefined) jobs[ofMatrix(jobID)] = jobResult;
    if (command === 'set-output') outputs[ofMatrix(step)] = { ...outputs[ofMatrix(step)], [name]: arg };
    if (command === 'error' || command === 'warning' || command === 'notice') {
      annotations.push({ severity: command, message: arg, ...more.kvPairs });
    }
    if (command === 'summary' && content !== undefined) summaries.push(content);
    if (level !== 'debug') log.push(msg.trimEnd());
  }
  return { jobs, outputs, annotations, summaries, log: log.join('\n') };
}
