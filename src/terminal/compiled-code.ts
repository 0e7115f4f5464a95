import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Where compiled code is kept: for each command the functions that it ran. */
export interface CompiledCode {
  /** The folder of the program. Only its files are kept. */
  readonly program: string;
  /** The command, since each runs other functions. */
  readonly command: string;
  /** A folder of the user alone: who can write there decides what the program does. */
  readonly folder: string;
}

/**
 * Where to keep compiled code; undefined if it is not kept. The demo leaves nothing behind, a job on a runner starts once, and
 * NODE_DISABLE_COMPILE_CACHE is Node's own switch.
 */
export function compiledCode(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): CompiledCode | undefined {
  const [command = ''] = args;
  if (!/^[a-z]+$/.test(command) || command === 'demo') return undefined;
  if (env.GITHUB_ACTIONS !== undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined;
  if (env.NODE_V8_COVERAGE !== undefined) return undefined;
  const ofUser = process.platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME || join(homedir(), '.cache');
  if (!ofUser) return undefined;
  return { program, command, folder: join(ofUser, 'provision-iot-edge', `${process.version}-${process.arch}`) };
}

/**
 * Lets Node start from compiled code that an earlier run left, for all files that are loaded from now on; this run leaves its own when it
 * ends. Starting takes a fifth less time. Node's own cache (module.enableCompileCache) holds a file as it is after loading, and the
 * functions that run later are compiled in every run. Whatever is wrong with the cache, the program runs without it.
 */
export function useCompiledCode({ program, command, folder }: CompiledCode): void {
  const compile: unknown = Reflect.get(Module.prototype, '_compile');
  if (typeof compile !== 'function') return;
  const made = new Map<string, Script>();
  const used = new Set<string>();

  // CommonJS has no public hook for compiling, and this one has been there since its beginning.
  Reflect.set(
    Module.prototype,
    '_compile',
    function (this: NodeJS.Module, source: string, filename: string, ...more: unknown[]) {
      if (!dirname(filename).startsWith(program)) return Reflect.apply(compile, this, [source, filename, ...more]);
      const name = `${command}-${basename(filename, '.js')}-${digest(source)}`;
      used.add(name);
      const cachedData = stored(join(folder, name));
      const script = new Script(Module.wrap(source), { filename, ...(cachedData === undefined ? {} : { cachedData }) });
      if (cachedData === undefined || script.cachedDataRejected === true) made.set(name, script);
      const body: unknown = script.runInThisContext();
      if (typeof body !== 'function') throw new Error(`${filename} is not a module`);
      const require = (id: string): unknown => this.require(id);
      return Reflect.apply(body, this.exports, [this.exports, require, this, filename, dirname(filename)]);
    },
  );

  process.on('exit', () => {
    if (made.size > 0) keep(folder, command, made, used);
  });
}

/** Writes what was compiled, and removes what earlier versions of the program left for this command. */
function keep(folder: string, command: string, made: ReadonlyMap<string, Script>, used: ReadonlySet<string>): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, script] of made) {
      const data = script.createCachedData();
      const whole = join(folder, `${name}.${process.pid}`);
      writeFileSync(whole, Buffer.concat([Buffer.from(digest(data)), data]), { mode: 0o600 });
      renameSync(whole, join(folder, name));
    }
    for (const name of readdirSync(folder)) {
      if (name.startsWith(`${command}-`) && !used.has(name)) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // A full disk or a home that cannot be written costs the next run some milliseconds, nothing else.
  }
}

/** What is in the cache, if it is whole: V8 checks neither the source nor the data. */
function stored(path: string): Buffer | undefined {
  try {
    const file = readFileSync(path);
    const data = file.subarray(digestLength);
    return file.subarray(0, digestLength).toString() === digest(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

const digestLength = 40;

/** Of digestLength characters. Against accidents only: the folder belongs to the user. */
function digest(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex');
}
