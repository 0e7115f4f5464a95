import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { scrubbed } from '../../src/model/secrets.ts';

/** A process that has ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** A run of the action that has ended, with its outputs. */
export interface ActionRun extends Finished {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The runner's temporary folder. */
  readonly temp: string;
}

export interface Trigger {
  readonly inputs: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly event?: object;
  readonly started?: Started;
}

/** Gets the process as soon as it runs, to send it signals. */
export type Started = (child: ChildProcess) => void;

const repository = 'octo/fleet';

/** Runs dist/action.js as the runner does: with inputs and files in environment variables, and with the defaults of action.yml. */
export async function runAction({ inputs, workspace, env = {}, event = {}, started }: Trigger): Promise<ActionRun> {
  const temp = mkdtempSync(join(tmpdir(), 'runner-'));
  onTestFinished(() => rmSync(temp, { recursive: true, force: true }));
  const files = { output: join(temp, 'output'), summary: join(temp, 'summary'), event: join(temp, 'event.json') };
  writeFileSync(files.output, '');
  writeFileSync(files.summary, '');
  writeFileSync(files.event, JSON.stringify({ repository: { private: true, full_name: repository }, ...event }));
  mkdirSync(join(temp, 'temp'));
  const inputVariables = Object.entries({ ...defaults(), ...inputs }).map(([name, value]) => {
    return [`INPUT_${name.toUpperCase()}`, value];
  });
  const finished = await run([resolve('dist/action.js')], {
    cwd: workspace,
    env: {
      ...Object.fromEntries(inputVariables),
      PATH: process.env.PATH ?? '',
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
      GITHUB_REPOSITORY: repository,
      GITHUB_SERVER_URL: 'http://github.localhost',
      GITHUB_ACTOR: 'octocat',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      GITHUB_RUN_ID: '4711',
      GITHUB_EVENT_PATH: files.event,
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      RUNNER_TEMP: join(temp, 'temp'),
      ...env,
    },
    started,
  });
  return {
    ...finished,
    outputs: readOutputs(readFileSync(files.output, 'utf8')),
    summary: readFileSync(files.summary, 'utf8'),
    temp: join(temp, 'temp'),
  };
}

/** A fault as a report shows it, in the log and as JSON. */
export interface Shown {
  readonly message: string;
  readonly remedy: string;
}

export function shown({ message, remedy }: Shown): Shown {
  return { message, remedy: scrubbed(remedy) };
}

/** The faults in the report of a run, which the output `report-file` names. */
export function faultsOf({ outputs }: ActionRun): readonly Shown[] {
  const report: { faults: readonly Shown[] } = JSON.parse(readFileSync(outputs['report-file'] ?? '', 'utf8'));
  return report.faults;
}

/** Runs dist/cli.js. */
export function runCli(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  started?: Started,
): Promise<Finished> {
  const surroundings = { PATH: process.env.PATH ?? '', XDG_CACHE_HOME: resolve('node_modules/.cache') };
  return run([resolve('dist/cli.js'), ...args], { cwd, env: { ...surroundings, ...env }, started });
}

/** Runs node with the arguments. Its environment is only what is given. */
export async function run(
  args: readonly string[],
  {
    started,
    ...options
  }: {
    readonly cwd?: string;
    readonly env: Readonly<Record<string, string>>;
    readonly started?: Started | undefined;
  },
): Promise<Finished> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  started?.(child);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number | null>((ended, failed) => child.once('close', ended).once('error', failed));
  return { code, stdout: stdout(), stderr: stderr(), milliseconds: performance.now() - begun };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The defaults that the runner takes from action.yml, without the token. */
function defaults(): Record<string, string> {
  const { inputs }: { inputs: Record<string, { default: unknown }> } = parse(readFileSync('action.yml', 'utf8'));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: value }]) => [name, String(value).replace(/^\$\{\{.*\}\}$/, '')]),
  );
}

/** Reads the format of GITHUB_OUTPUT: `name<<delimiter`, lines, `delimiter`. */
function readOutputs(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2\n/gm)].map(([, name, , value]) => [name, value]),
  );
}
