import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package with a part in `dist/`. */
export interface BundledPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  /** Bytes of its source that are in `dist/`, before it is made small. */
  readonly size: number;
}

/** The packages behind the modules of a bundle, by name. `modules` gives the bytes of each module's source that are in it. */
export function bundledPackages(modules: ReadonlyMap<string, number>): readonly BundledPackage[] {
  const sizes = new Map<string, number>();
  for (const [id, size] of modules) {
    const [, before, name] = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll('\\', '/')) ?? [];
    if (before === undefined || name === undefined) continue;
    const folder = join(before, name);
    sizes.set(folder, (sizes.get(folder) ?? 0) + size);
  }
  return [...sizes].map(packageIn).sort((a, b) => (nameAndVersion(a) < nameAndVersion(b) ? -1 : 1));
}

function packageIn([folder, size]: readonly [string, number]): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { folder, name, version, license, size };
}

const nameAndVersion = ({ name, version }: BundledPackage) => `${name} ${version}`;
