import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Where compiled code is kept. Each command has its own, since each runs other functions. */
export interface CompiledCode {
  /** The folder of the program. Only its files are kept. */
  readonly program: string;
  readonly command: string;
  /** A folder that only the user can write, since its content decides what the program does. */
  readonly folder: string;
}

/**
 * Returns where to keep compiled code, or undefined to keep none: the demo leaves nothing behind, a job on a runner starts only once,
 * and NODE_DISABLE_COMPILE_CACHE is Node's own switch.
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
 * Loads all further files of the program from the compiled code that an earlier run kept. Keeps the code of this run when it ends, if
 * there was none. `validate` of one device then takes two thirds of the time. Node's own cache (module.enableCompileCache) keeps a file
 * as it is after loading, so that each run compiles again the functions that it calls later. If the cache cannot be used, the program
 * runs without it.
 */
export function useCompiledCode({ program, command, folder }: CompiledCode): void {
  const compile: unknown = Reflect.get(Module.prototype, '_compile');
  if (typeof compile !== 'function') return;
  const made = new Map<string, Script>();
  const used = new Set<string>();

  // CommonJS has no public hook for compiling. Tools have used this one since Node 0.x.
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

/** Writes the compiled code, and removes the code that earlier versions of the program kept for this command. */
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
    // Without it, for example on a full disk, the next run only takes longer.
  }
}

/** Returns a file of the cache if it is complete. V8 itself checks neither the source nor the data. */
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

/** Returns a digest of `digestLength` characters. It guards against accidents only, since the folder belongs to the user. */
function digest(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex');
}
