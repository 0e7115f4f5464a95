import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Bundle, BundleChanges, BundleFile } from '../model/bundle.ts';
import { Fault, messageOf } from '../model/fault.ts';
import { comparison } from './compare.ts';
import { bundleFault, ObstacleError } from './faults.ts';
import { misplacedIn, wayInto } from './place.ts';
import { besideOf, codeOf, discard, marker, settleLeftOvers, swapIn } from './swap.ts';

interface Options {
  readonly workspace?: string;
  /** Is told how many bundles are written. */
  readonly counted?: ((what: string, done: number, total: number) => void) | undefined;
}

/** The bundles that were written, and faults for those that could not be. */
export interface Written {
  readonly bundles: readonly Bundle[];
  readonly faults: readonly Fault[];
  /** How they differ from the bundles that the folder held before; absent if it held none. */
  readonly bundleChanges?: BundleChanges;
}

/**
 * Writes the bundles to `directory` (absolute). Afterwards it holds them and two hidden files: the marker, and a
 * `.gitignore` that keeps bundles out of commits.
 *
 * The bundles are built in a folder beside `directory` and swapped in by renames. If the process dies, the old folder
 * or the new one is whole. It may then have another name, from which the next call takes it back. If several runs write
 * at once, one wins with all of its files. Folders have mode 0755 and files 0644, less the umask.
 *
 * A bundle that cannot be rendered is left out and reported in `faults`: the hub may have been written already, so the
 * other devices need their bundles. Throws a `Fault` for what `checkOutputDirectory` refuses, for what the disk
 * refuses, and if no bundle can be rendered.
 */
export async function writeBundles(
  directory: string,
  bundles: readonly Bundle[],
  options: Options = {},
): Promise<Written> {
  checkOutputDirectory(directory, options);
  const target = resolve(directory);
  const next = besideOf(target, 'next');
  try {
    makeFolders(dirname(target));
    settleLeftOvers(target);
    try {
      const before = exists(join(target, marker)) ? target : undefined;
      const written = await build(next, bundles, { ...options, before });
      await swapIn(next, target, () => refuseForeign(target));
      return written;
    } finally {
      discard(next, target);
    }
  } catch (cause) {
    throw asRefusal(directory, cause);
  }
}

/**
 * Throws the `Fault` that `writeBundles` would throw, as far as it is known without writing to the disk. It refuses a
 * relative path, a file or a link, a folder that is neither empty nor ours, the root of the file system, `workspace`
 * and the folders above it, a path that a link leads out of `workspace`, `.git`, and a folder that is not writable.
 */
export function checkOutputDirectory(directory: string, options: Options = {}): void {
  const target = resolve(directory);
  try {
    refusePlace(directory, target);
    if (options.workspace !== undefined) refuseInWorkspace(directory, target, resolve(options.workspace));
    refuseForeign(target);
    refuseUnwritable(target);
  } catch (cause) {
    throw asRefusal(directory, cause);
  }
}

function asRefusal(directory: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const obstacle =
    cause instanceof ObstacleError ? cause.obstacle : ({ kind: 'system', message: messageOf(cause) } as const);
  return bundleFault('output-unwritable', { directory, obstacle }, { cause });
}

/** Most file systems take names of up to 255 bytes. The temporary folders have names that are up to 50 bytes longer. */
const longest = 200;

function refusePlace(directory: string, target: string): void {
  if (!isAbsolute(directory)) throw bundleFault('output-misplaced', { directory, place: 'relative' });
  if (parse(target).root === target) throw bundleFault('output-misplaced', { directory, place: 'file-system-root' });
  if (Buffer.byteLength(basename(target)) > longest)
    throw bundleFault('output-name-too-long', { directory, limit: longest });
}

/** Compares the paths as written, and again with links resolved: a link in the repository must not lead elsewhere. */
function refuseInWorkspace(directory: string, target: string, workspace: string): void {
  const real = { target: join(realOf(dirname(target)), basename(target)), workspace: realOf(workspace) };
  for (const seen of [{ target, workspace }, real]) {
    const place = misplacedIn(seen.workspace, seen.target);
    if (place !== undefined) throw bundleFault('output-misplaced', { directory, place });
  }
  if (goesThrough(real.workspace, dirname(target)) && wayInto(real.workspace, real.target) === undefined)
    throw bundleFault('output-leads-out', { directory, target: real.target });
}

/** Whether links below `folder` could decide where `path` leads. */
function goesThrough(folder: string, path: string): boolean {
  if (wayInto(folder, realOf(path)) !== undefined) return true;
  return path !== dirname(path) && goesThrough(folder, dirname(path));
}

/** The path with its links resolved. The part that does not exist is kept as written. */
function realOf(path: string): string {
  const nearest = nearestOf(path);
  return join(realpathSync(nearest), relative(nearest, path));
}

/** The path itself if it exists, else the nearest folder above it that exists. */
function nearestOf(path: string): string {
  return path === dirname(path) || exists(path) ? path : nearestOf(dirname(path));
}

/** Unlike `existsSync`, returns true for a broken link, and throws if access is denied. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    if (codeOf(cause) === 'ENOTDIR') return false;
    throw cause;
  }
}

function refuseUnwritable(target: string): void {
  const nearest = nearestOf(dirname(target));
  if (!statSync(nearest).isDirectory()) throw new ObstacleError({ kind: 'not-a-folder', path: nearest });
  const rights = constants.R_OK | constants.W_OK | constants.X_OK;
  accessSync(nearest, rights);
  unlessGone(() => accessSync(target, rights));
}

function refuseForeign(folder: string): void {
  if (!exists(folder)) return;
  unlessGone(() => {
    const stats = lstatSync(folder);
    if (stats.isSymbolicLink()) throw bundleFault('output-occupied', { folder, by: 'link' });
    if (!stats.isDirectory()) throw bundleFault('output-occupied', { folder, by: 'file' });
    const entries = readdirSync(folder);
    if (entries.length > 0 && !entries.includes(marker)) throw bundleFault('output-not-ours', { folder, marker });
  });
}

/** Another run can rename the folder away at any moment to put its own there. */
function unlessGone(look: () => void): void {
  try {
    look();
  } catch (cause) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) throw cause;
  }
}

/** Makes the folders one by one: below /proc, `mkdirSync` with `recursive` never returns on Node 20. */
function makeFolders(folder: string): void {
  if (exists(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
}

/** Calls are synchronous: for many small files that is simpler and as fast. Every 500 bundles, signals are let in. */
async function build(
  folder: string,
  bundles: readonly Bundle[],
  { before, counted }: Options & { readonly before: string | undefined },
): Promise<Written> {
  mkdirSync(folder, { mode: 0o755 });
  write(folder, marker, 'The device bundles of provision-iot-edge. Every run replaces this folder whole.\n');
  write(folder, '.gitignore', '*\n');
  const made = new Set<string>();
  const written: Bundle[] = [];
  const refused: Refused[] = [];
  const compared = before === undefined ? undefined : comparison(before);
  for (const [index, bundle] of bundles.entries()) {
    counted?.('writing bundles', index, bundles.length);
    if (index % 500 === 499) await setImmediate();
    const files = rendered(bundle);
    if ('cause' in files) {
      refused.push(files);
      continue;
    }
    const segments = bundle.directory.split('/');
    let place = folder;
    for (const [depth, segment] of segments.entries()) {
      requirePlain(segment);
      place = join(place, segment);
      // Not recursive: if the folder is removed meanwhile, this must fail and not make it anew, half empty.
      if (!made.has(place)) mkdirSync(place, { mode: 0o755 });
      // Devices of one hub share the hub's folder. Each device has a folder of its own.
      if (depth < segments.length - 1) made.add(place);
    }
    for (const file of files) write(place, file.name, file.text);
    written.push(bundle);
    compared?.add(bundle, files);
  }
  if (refused.length > 0 && written.length === 0) throw unrendered(refused);
  return {
    bundles: written,
    faults: refused.length === 0 ? [] : [unrendered(refused)],
    ...(compared === undefined ? {} : { bundleChanges: compared.changes }),
  };
}

interface Refused {
  readonly device: string;
  readonly cause: unknown;
}

/** Renders all files of a bundle before the first is written. */
function rendered(bundle: Bundle): readonly BundleFile[] | Refused {
  try {
    return bundle.files.map(({ name, text }) => ({ name, text }));
  } catch (cause) {
    return { device: bundle.device, cause };
  }
}

/** Validation should have refused such a device, so this is a mistake of ours, not of the user. */
function unrendered(refused: readonly Refused[]): Fault {
  const devices = refused.slice(0, 10).map(({ device, cause }) => ({ device, message: messageOf(cause) }));
  const more = refused.length - devices.length;
  return bundleFault('bundles-unrendered', { devices, more }, { cause: refused[0]?.cause });
}

function write(folder: string, name: string, text: string): void {
  requirePlain(name);
  writeFileSync(join(folder, name), text, { mode: 0o644, flag: 'wx' });
}

/** Names were made safe earlier. If that code has a mistake, nothing must be written elsewhere. */
function requirePlain(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[\\/]/.test(name))
    throw new ObstacleError({ kind: 'unsafe-name', name });
}
