import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licence texts of every package that has a part in the bundle, by name. */
export function licencesOf(modules: readonly string[]): string {
  const folders = modules.flatMap((id) => {
    const [, before, name] = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll('\\', '/')) ?? [];
    return before === undefined || name === undefined ? [] : [join(before, name)];
  });
  const texts = [...new Set(folders)].map((folder) => {
    const { name, version, license }: Record<string, unknown> = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    return `${name} ${version} (${license ?? 'see text'})\n\n${licenceText(folder).trim()}\n`;
  });
  return [...new Set(texts)].sort().join(`\n${'-'.repeat(79)}\n\n`);
}

function licenceText(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^licen[cs]e/i.test(name));
  return file !== undefined && existsSync(join(folder, file))
    ? readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n')
    : '';
}
