import { exec } from '@actions/exec';
import { gitFault } from './faults.ts';

interface GitOptions {
  /** What git reads from its standard input. */
  readonly input?: Buffer;
  /** Gets what git prints, part by part. Without it, all of it is kept and returned. */
  readonly onOutput?: (part: Buffer) => void;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Settings for a work tree that strangers wrote: git runs no program that a repository names (hooks, fsmonitor, the check of
 * signatures), and takes no folder of the work tree for a repository of its own, whose settings would count.
 * https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
 */
export const carefully: readonly string[] = [
  ...['-c', 'safe.bareRepository=explicit'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'core.attributesFile=/dev/null'],
  ...['-c', 'log.showSignature=false'],
];

/** The environment of git: without attributes of the machine, and without questions to somebody at a terminal. */
export function gitEnvironment(): Record<string, string> {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(set), GIT_ATTR_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
}

/**
 * Runs git in a folder and returns the bytes that it prints. Throws a `Fault` with git's own message when git fails.
 */
export async function runGit(
  folder: string,
  args: readonly string[],
  { input, onOutput, env }: GitOptions = {},
): Promise<Buffer> {
  const printed: Buffer[] = [];
  const said: Buffer[] = [];
  let code: number;
  try {
    code = await exec('git', [...carefully, ...args], {
      cwd: folder,
      silent: true,
      ignoreReturnCode: true,
      ...(input === undefined ? {} : { input }),
      env: { ...gitEnvironment(), ...env },
      listeners: { stdout: onOutput ?? ((part) => printed.push(part)), stderr: (part) => said.push(part) },
    });
  } catch (cause) {
    throw gitFault('git-missing', {}, { cause });
  }
  if (code === 0) return Buffer.concat(printed);
  const reason = Buffer.concat(said).toString('utf8').trim().split('\n')[0] ?? '';
  throw gitFault('git-failed', { command: args[0] ?? '', code, reason });
}
