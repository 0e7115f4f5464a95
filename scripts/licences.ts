import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledPackage } from './bundled.ts';

/** The licence texts of the bundled packages. */
export function licencesOf(packages: readonly BundledPackage[]): string {
  const texts = packages.map(
    ({ folder, name, version, license }) =>
      `${name} ${version} (${license ?? 'see text'})\n\n${licenceText(folder).trim()}\n`,
  );
  return [...new Set(texts)].join(`\n${'-'.repeat(79)}\n\n`);
}

function licenceText(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^licen[cs]e/i.test(name));
  return file !== undefined && existsSync(join(folder, file))
    ? readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n')
    : '';
}
