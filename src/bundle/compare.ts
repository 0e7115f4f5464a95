import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, BundleChanges, BundleFile } from '../model/bundle.ts';
import type { DeviceId } from '../model/fleet.ts';

/** Collects how bundles differ from those that a folder holds. */
export interface Comparison {
  readonly changes: BundleChanges;
  add(bundle: Bundle, files: readonly BundleFile[]): void;
}

/** @param before the folder, absolute */
export function comparison(before: string): Comparison {
  const added: DeviceId[] = [];
  const changed: DeviceId[] = [];
  return {
    changes: { added, changed },
    add({ device, directory }, files) {
      const folder = join(before, ...directory.split('/'));
      const names = namesIn(folder);
      if (names === undefined) added.push(device);
      else if (names.length !== files.length || files.some((file) => !isSame(folder, file))) changed.push(device);
    },
  };
}

function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

/** Reads only regular files of the right length: the folder may come from a commit, with links to what never ends. */
function isSame(folder: string, { name, text }: BundleFile): boolean {
  const path = join(folder, name);
  try {
    const stats = lstatSync(path);
    const bytes = Buffer.from(text);
    return stats.isFile() && stats.size === bytes.length && readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
}
