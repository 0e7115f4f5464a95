import { exec } from '@actions/exec';
import { Fault } from '../../model/fault.ts';

interface GitOptions {
  /** What it reads from its standard input. */
  readonly input?: Buffer;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git in a folder and gives back the bytes it prints. Throws a `Fault` with its own words when it fails. */
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
    throw new Fault('git cannot be run', 'Install git; it tells what earlier commits declared.', { cause });
  }
  if (code === 0) return Buffer.concat(printed);
  const reason = Buffer.concat(said).toString('utf8').trim().split('\n')[0] ?? '';
  const remedy = 'See that the workspace is a git work tree, with the history of the default branch (fetch-depth: 0).';
  throw new Fault(`git ${args[0]} ended with ${code}: ${reason}`, remedy);
}

function inherited(): Record<string, string> {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(set);
}
