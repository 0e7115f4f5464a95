import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Bundle } from '../model/bundle.ts';
import { Fault, messageOf } from '../model/fault.ts';

/** The file that says a folder is ours to replace. No folder of a device has this name: theirs begin with no dot. */
export const marker = '.provision-iot-edge';

/**
 * Writes the bundles so that `directory` (absolute) holds these and nothing else.
 *
 * They are built in a folder beside it and swapped in by renaming: a process that dies at any moment leaves the old
 * folder or the new one whole, if need be under another name, from where the next call takes it back. Folders have mode
 * 0755 and files 0644, less the umask. Throws a `Fault` for a folder that is not empty and not ours, for a file or a
 * link, for the root of the file system, and for `workspace` and the folders above it.
 */
export async function writeBundles(
  directory: string,
  bundles: readonly Bundle[],
  options: { readonly workspace?: string } = {},
): Promise<void> {
  const target = resolve(directory);
  refusePlace(directory, target, options.workspace);
  const next = join(dirname(target), `.${basename(target)}.next`);
  const previous = join(dirname(target), `.${basename(target)}.previous`);
  try {
    mkdirSync(dirname(target), { recursive: true });
    refuseForeign(target);
    takeBack(target, previous);
    removeOurs(next);
    await build(next, bundles).catch((cause) => {
      removeOurs(next);
      throw cause;
    });
    if (existsSync(target)) renameSync(target, previous);
    renameSync(next, target);
    removeOurs(previous);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const remedy = 'Check that the folder above it exists, can be written to and has room, or choose another one.';
    throw new Fault(`the bundles cannot be written to ${directory}: ${messageOf(cause)}`, remedy, { cause });
  }
}

const ownRemedy = 'Choose a folder for the bundles alone: output-directory: device-bundles.';

function refusePlace(directory: string, target: string, workspace: string | undefined): void {
  const refuse = (what: string) => {
    throw new Fault(`the bundles cannot be written to ${directory}: ${what}`, ownRemedy, { kind: 'usage' });
  };
  if (!isAbsolute(directory)) refuse('the path is not absolute');
  if (parse(target).root === target) refuse('it is the root of the file system');
  if (workspace === undefined) return;
  const way = relative(target, resolve(workspace));
  if (way === '') refuse('it is the workspace itself, and would be replaced whole');
  if (!way.startsWith('..') && !isAbsolute(way)) refuse('the workspace lies in it, and would be replaced with it');
}

/** What a run left behind that died between the two renames (then nothing stands at `target`) or after them. */
function takeBack(target: string, previous: string): void {
  if (!existsSync(previous)) return;
  refuseForeign(previous);
  if (existsSync(target)) removeOurs(previous);
  else renameSync(previous, target);
}

function removeOurs(folder: string): void {
  refuseForeign(folder);
  rmSync(folder, { recursive: true, force: true });
}

function refuseForeign(folder: string): void {
  const refuse = (what: string) => {
    throw new Fault(`${folder} ${what}; it would be replaced whole`, ownRemedy, { kind: 'usage' });
  };
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink()) refuse('is a link');
  if (!stats.isDirectory()) refuse('is not a folder');
  const entries = readdirSync(folder);
  if (entries.length > 0 && !entries.includes(marker))
    refuse(`is not empty and was not made here (no ${marker} in it)`);
}

/** Synchronous calls: for many small files no slower than the others, and plainer; now and then signals get their turn. */
async function build(folder: string, bundles: readonly Bundle[]): Promise<void> {
  mkdirSync(folder, { mode: 0o755 });
  write(folder, marker, 'The device bundles of provision-iot-edge. Every run replaces this folder whole.\n');
  for (const [index, bundle] of bundles.entries()) {
    if (index % 500 === 499) await setImmediate();
    const segments = bundle.directory.split('/');
    segments.forEach(requirePlain);
    const place = join(folder, ...segments);
    mkdirSync(place, { recursive: true, mode: 0o755 });
    for (const file of bundle.files) write(place, file.name, file.text);
  }
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
