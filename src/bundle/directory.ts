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
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Bundle, BundleFile } from '../model/bundle.ts';
import { Fault, messageOf } from '../model/fault.ts';
import { besideOf, codeOf, discard, marker, settleLeftOvers, swapIn } from './swap.ts';

interface Options {
  readonly workspace?: string;
}

/** What was written, and what of it could not be. */
export interface Written {
  readonly bundles: readonly Bundle[];
  readonly faults: readonly Fault[];
}

/**
 * Writes the bundles so that `directory` (absolute) holds these and nothing else but two hidden files: the marker, and a
 * `.gitignore` that keeps bundles out of commits.
 *
 * They are built in a folder beside it and swapped in by renaming: a process that dies at any moment leaves the old
 * folder or the new one whole, if need be under another name, from where the next call takes it back. Of several runs at
 * once one wins, with all of its files. Folders have mode 0755 and files 0644, less the umask. A bundle whose files cannot be
 * rendered is left out, and told in a fault: when the hub has been written, the other devices need theirs. Throws a `Fault` for
 * what `checkOutputDirectory` refuses, for what the disk refuses, and where no bundle can be rendered.
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
      const written = await build(next, bundles);
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
 * Throws the `Fault` that `writeBundles` would throw, as far as it can be known without touching the disk: for a path that
 * is not absolute, a folder that is not empty and not ours, a file or a link, the root of the file system, `workspace`
 * and the folders above it, a path that a link leads out of `workspace`, `.git`, and folders that cannot be written to.
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
  const remedy = 'Check that the folder above it exists, can be written to and has room, or choose another one.';
  return new Fault(`the bundles cannot be written to ${directory}: ${messageOf(cause)}`, remedy, { cause });
}

const ownRemedy = 'Choose a folder for the bundles alone: output-directory: device-bundles.';

function misused(directory: string, what: string): Fault {
  return new Fault(`the bundles cannot be written to ${directory}: ${what}`, ownRemedy, { kind: 'usage' });
}

/** The longest name most file systems take is 255 bytes; the folders beside it need up to 50 more than its own. */
const longest = 200;

function refusePlace(directory: string, target: string): void {
  if (!isAbsolute(directory)) throw misused(directory, 'the path is not absolute');
  if (parse(target).root === target) throw misused(directory, 'it is the root of the file system');
  if (Buffer.byteLength(basename(target)) > longest)
    throw misused(directory, `its name is longer than ${longest} bytes`);
}

/** By the names as written and by the folders they really are: a link in the repository must not lead elsewhere. */
function refuseInWorkspace(directory: string, target: string, workspace: string): void {
  const real = { target: join(realOf(dirname(target)), basename(target)), workspace: realOf(workspace) };
  for (const seen of [{ target, workspace }, real]) {
    if (seen.target === seen.workspace)
      throw misused(directory, 'it is the workspace itself, and would be replaced whole');
    if (wayInto(seen.target, seen.workspace) !== undefined)
      throw misused(directory, 'the workspace lies in it, and would be replaced with it');
    if (wayInto(seen.workspace, seen.target)?.some((name) => name.toLowerCase() === '.git'))
      throw misused(directory, 'it lies in .git, which belongs to git alone');
  }
  if (wayInto(workspace, target) !== undefined && wayInto(real.workspace, real.target) === undefined)
    throw misused(directory, `a link leads it out of the workspace, to ${real.target}`);
}

/** The names on the way from a folder to what lies in it; `undefined` for what lies elsewhere. */
function wayInto(folder: string, path: string): readonly string[] | undefined {
  const way = relative(folder, path);
  const names = way.split(sep);
  return isAbsolute(way) || names[0] === '..' ? undefined : names;
}

/** Where a path really leads; of what does not exist yet, as written. */
function realOf(path: string): string {
  const nearest = nearestOf(path);
  return join(realpathSync(nearest), relative(nearest, path));
}

/** The path itself, or the nearest thing above it that exists. */
function nearestOf(path: string): string {
  return path === dirname(path) || exists(path) ? path : nearestOf(dirname(path));
}

/** Other than `existsSync` it tells a broken link, and does not take for missing what may not be looked at. */
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
  if (!statSync(nearest).isDirectory()) throw new Error(`${nearest} is not a folder`);
  const rights = constants.R_OK | constants.W_OK | constants.X_OK;
  accessSync(nearest, rights);
  unlessGone(() => accessSync(target, rights));
}

function refuseForeign(folder: string): void {
  const refuse = (what: string) => {
    throw new Fault(`${folder} ${what}; it would be replaced whole`, ownRemedy, { kind: 'usage' });
  };
  if (!exists(folder)) return;
  unlessGone(() => {
    const stats = lstatSync(folder);
    if (stats.isSymbolicLink()) refuse('is a link');
    if (!stats.isDirectory()) refuse('is not a folder');
    const entries = readdirSync(folder);
    if (entries.length > 0 && !entries.includes(marker))
      refuse(`is not empty and was not made here (no ${marker} in it)`);
  });
}

/** Another run may take the folder away at any moment, to put its own there. */
function unlessGone(look: () => void): void {
  try {
    look();
  } catch (cause) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) throw cause;
  }
}

/** One by one: below /proc, `mkdirSync` with `recursive` never returns on Node 20. */
function makeFolders(folder: string): void {
  if (exists(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
}

/** Synchronous calls: for many small files no slower than the others, and plainer; now and then signals get their turn. */
async function build(folder: string, bundles: readonly Bundle[]): Promise<Written> {
  mkdirSync(folder, { mode: 0o755 });
  write(folder, marker, 'The device bundles of provision-iot-edge. Every run replaces this folder whole.\n');
  write(folder, '.gitignore', '*\n');
  const made = new Set<string>();
  const written: Bundle[] = [];
  const refused: Refused[] = [];
  for (const [index, bundle] of bundles.entries()) {
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
      // Not recursive: should the folder be taken away meanwhile, it must not come back half empty.
      if (!made.has(place)) mkdirSync(place, { mode: 0o755 });
      // A device has a folder of its own, a hub's is shared.
      if (depth < segments.length - 1) made.add(place);
    }
    for (const file of files) write(place, file.name, file.text);
    written.push(bundle);
  }
  if (refused.length === 0) return { bundles: written, faults: [] };
  if (written.length === 0) throw unrendered(refused);
  return { bundles: written, faults: [unrendered(refused)] };
}

interface Refused {
  readonly device: string;
  readonly cause: unknown;
}

/** All files of a bundle, before the first is written. */
function rendered(bundle: Bundle): readonly BundleFile[] | Refused {
  try {
    return bundle.files.map(({ name, text }) => ({ name, text }));
  } catch (cause) {
    return { device: bundle.device, cause };
  }
}

/** That validation let it pass is our mistake, not the user's. */
function unrendered(refused: readonly Refused[]): Fault {
  const first = refused.slice(0, 10).map(({ device, cause }) => `${device} (${messageOf(cause)})`);
  const more = refused.length > first.length ? `, and ${refused.length - first.length} more` : '';
  const message = `the bundles of these devices cannot be rendered, and are left out: ${first.join(', ')}${more}`;
  const remedy = 'Please report it, with what the manifest says of such a device; render writes the files again later.';
  return new Fault(message, remedy, { cause: refused[0]?.cause });
}

function write(folder: string, name: string, text: string): void {
  requirePlain(name);
  writeFileSync(join(folder, name), text, { mode: 0o644, flag: 'wx' });
}

/** Names are made safe long before; a mistake there must not write elsewhere. */
function requirePlain(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[\\/]/.test(name))
    throw new Error(`unsafe name ${JSON.stringify(name)}`);
}
