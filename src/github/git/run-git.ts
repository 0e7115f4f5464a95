import { exec } from '@actions/exec';
import { gitFault } from './faults.ts';

interface GitOptions {
  /** What git reads from its standard input. */
  readonly input?: Buffer;
  /** Environment variables that are added to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs git in a folder and returns the bytes that it prints. Throws a `Fault` with git's own message when git fails.
 */
export async function runGit(
  folder: string,
  args: readonly string[],
  { input, env }: GitOptions = {},
): Promise<Buffer> {
  const printed: Buffer[] = [];
  const said: Buffer[] = [];
  let code: number;
  try {
    code = await exec('git', [...args], {
      cwd: folder,
      silent: true,
      ignoreReturnCode: true,
      ...(input === undefined ? {} : { input }),
      ...(env === undefined ? {} : { env: { ...inherited(), ...env } }),
      listeners: { stdout: (part) => printed.push(part), stderr: (part) => said.push(part) },
    });
  } catch (cause) {
    throw gitFault('git-missing', {}, { cause });
  }
  if (code === 0) return Buffer.concat(printed);
  const reason = Buffer.concat(said).toString('utf8').trim().split('\n')[0] ?? '';
  throw gitFault('git-failed', { command: args[0] ?? '', code, reason });
}

function inherited(): Record<string, string> {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(set);
}
