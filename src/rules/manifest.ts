import { certificateExtensions } from '../model/identity.ts';
import type { SearchBound } from '../model/workspace.ts';
import { globSlashRemedy } from './foreign-form.ts';
import { rule } from './rule.ts';
import { settingWords, type WrongSetting } from './setting-value.ts';
import { manifest, nobody, workspace } from './sources.ts';
import { type SyntaxFault, syntaxRemedy, syntaxText } from './syntax.ts';

/** A value that is missing or of another type. `expected` and `found` are the words of the schema. */
interface WrongValue {
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  /** How to write it instead. If absent, the remedy tells to give the key what is expected. */
  readonly remedy?: ValueRemedy;
}

/** `quote`: the value, as text; `quotes`: the same for a value that must not be quoted, since it may be a secret. */
export type ValueRemedy = 'device' | 'from' | 'quotes' | { readonly quote: string };

/** A fault of its own kind. */
type NamedFault =
  /** The header of a table has no column of this name; `known`: the columns that there may be. */
  | { readonly problem: 'no-column'; readonly key: string; readonly known: readonly string[] }
  | { readonly problem: 'null-in-list'; readonly key: string }
  /** `key`: the keys that are missing. */
  | { readonly problem: 'no-runtime'; readonly key: string };

/** `pattern` finds no manifest; `file` names no devices; `from` finds no certificate of a device. */
type Emptiness =
  | { readonly pattern: string }
  | { readonly file: string; readonly table: boolean }
  | { readonly from: string };

export const manifestRules = {
  'manifest/syntax': rule<SyntaxFault>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'The manifest cannot be read. It is not YAML, JSON or CSV, it has a key or a column twice or a cell without a column, or it is too large. Aliases and values that many devices inherit count too.',
    message: syntaxText,
    remedy: syntaxRemedy,
    example: { kind: 'key-twice', key: 'certificates' },
  }),
  'manifest/unknown-key': rule<{ key: string; where: string; suggestion?: string; known: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    line: 'key',
    about: 'The manifest has no such key. Ignoring it would leave the device without the setting that you meant.',
    message: ({ key, where, suggestion }) =>
      `unknown key "${key}" in ${where}${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`,
    remedy: ({ suggestion, known }) =>
      suggestion === undefined
        ? `Remove it. Known keys here: ${known.join(', ')}.`
        : `Write "${suggestion}", or remove the key.`,
    example: { key: 'certficates', where: 'a device', suggestion: 'certificates', known: ['id', 'certificates'] },
  }),
  'manifest/type': rule<WrongValue | NamedFault | WrongSetting>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'A value is missing or has the wrong type. For example, `1.10` without quotes is the number 1.1, or a word is not in the list.',
    message: (details) => {
      const { expected, found } = wordsOf(details);
      return `${details.key}: expected ${expected}, found ${found}`;
    },
    remedy: remedyOf,
    example: { key: 'runtime.version', expected: 'text', found: 'the number 1.1', remedy: { quote: '1.1' } },
  }),
  'manifest/empty': rule<Emptiness>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'No manifest was found, or it names no devices. An empty fleet is refused, because it would mean that all devices are removed.',
    message: (details) => {
      if ('pattern' in details) return `no manifest found at ${details.pattern}`;
      if ('file' in details) return `${details.file} names no devices`;
      return `devices.from: ${JSON.stringify(details.from)} matches no device's certificate (${certificateExtensions.join(' ')})`;
    },
    remedy: emptinessRemedy,
    example: { file: 'devices.yaml', table: false },
  }),
  'manifest/search-bound': rule<{ pattern: string; bound: SearchBound }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'A glob matches more files or folders than a search reads, the search takes too long, or the glob has too many stars. Some devices would be missing.',
    message: ({ pattern, bound }) =>
      bound.of === 'stars'
        ? `the glob ${JSON.stringify(pattern)} has more than ${bound.most} stars in a part of the path, more than ${bound.most} times "**", or a star in a part that repeats: it may take too long, so the run does not search`
        : `the search for ${JSON.stringify(pattern)} ended after ${bound.most} ${bound.of}, so not all files were seen`,
    remedy: ({ bound }) =>
      bound.of === 'stars'
        ? 'Write a glob with fewer stars, such as certs/**/*.pem.'
        : 'Begin the glob with the folder of the files: certs/**/*.pem instead of **/*.pem.',
    example: { pattern: '**/*.pem', bound: { most: 200_000, of: 'folders' } },
  }),
  'manifest/link-not-followed': rule<{ pattern: string; links: readonly string[] }>({
    severity: 'notice',
    refusedBy: [workspace],
    about:
      'A glob reaches a link to a folder outside of the workspace or in `.git`. That folder is not searched, because its files do not belong to the repository.',
    message: ({ pattern, links }) =>
      `the search for ${JSON.stringify(pattern)} leaves out ${listed(links)}: ${links.length === 1 ? 'a link' : 'links'} out of the workspace or into .git`,
    remedy: () => 'If devices are missing, put their files into the repository. Otherwise do nothing.',
    example: { pattern: 'certs/**/*.pem', links: ['certs/shared'] },
  }),
  'manifest/base-unread': rule<{ file: string; said: string; more: number }>({
    severity: 'notice',
    refusedBy: nobody,
    line: 'hidden',
    about:
      'At the base of the pull request, a manifest, a certificate or a file of `config.base` has faults. The configurations of its devices are not compared.',
    message: ({ file, said, more }) =>
      `${file} has faults at the base of the pull request, so not all of its devices are compared: ${said}${more === 0 ? '' : `, and ${more} more`}`,
    remedy: () => 'Check by yourself what the pull request changes in the configuration of these devices.',
    example: { file: 'devices.yaml', said: 'Map keys must be unique', more: 0 },
  }),
};

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).map((path) => JSON.stringify(path));
  return `${shown.join(', ')}${paths.length > shown.length ? ` and ${paths.length - shown.length} more` : ''}`;
}

const namedFaults = {
  'no-column': { expected: 'a column of this name', found: 'none in the first row' },
  'null-in-list': { expected: 'a value (a list cannot hold null)', found: 'null' },
  'no-runtime': { expected: 'the IoT Edge that the device runs', found: 'nothing' },
} as const;

function wordsOf(details: WrongValue | NamedFault | WrongSetting): {
  readonly expected: string;
  readonly found: string;
} {
  if (!('problem' in details)) return details;
  return isNamed(details) ? namedFaults[details.problem] : settingWords(details);
}

function isNamed(details: NamedFault | WrongSetting): details is NamedFault {
  return Object.hasOwn(namedFaults, details.problem);
}

function remedyOf(details: WrongValue | NamedFault | WrongSetting): string {
  if ('problem' in details && isNamed(details)) return namedRemedy(details);
  const remedy = 'remedy' in details ? details.remedy : undefined;
  if (remedy === undefined) return `Give ${details.key} ${wordsOf(details).expected}.`;
  return typeof remedy === 'string' ? valueRemedies[remedy] : `Put it in quotes: "${remedy.quote}".`;
}

function namedRemedy(fault: NamedFault): string {
  switch (fault.problem) {
    case 'no-column':
      return `Name the columns in the first row: id,certificates.primary,runtime.version,runtime.platform. Known are ${fault.known.join(', ')}.`;
    case 'null-in-list':
      return 'Remove it from the list, or write the value.';
    case 'no-runtime':
      return 'Write it once in defaults: runtime: {version: "1.1", platform: debian}. In a CSV file, add the columns runtime.version and runtime.platform.';
  }
}

const valueRemedies = {
  device: 'Write each device as "- id: edge-001", its other keys below the id.',
  from: 'Write devices: {from: "certs/*.pem"}, or a list of such globs.',
  quotes: 'Put it in quotes.',
} as const;

function emptinessRemedy(details: Emptiness): string {
  const slashes =
    'file' in details ? undefined : globSlashRemedy('pattern' in details ? details.pattern : details.from);
  if (slashes !== undefined) return slashes;
  if ('pattern' in details) {
    return 'Correct the input manifest (paths and globs, one per line, relative to the repository).';
  }
  if ('file' in details) {
    return details.table
      ? 'Add at least one row below the names of the columns.'
      : 'Add at least one device, for example: devices: [{id: edge-001}].';
  }
  return details.from.includes('{id}')
    ? `{id} has no meaning here; write ${JSON.stringify(details.from.replaceAll('{id}', '*'))}.`
    : 'Give a glob relative to the manifest, such as certs/*.pem, or certs/**/*.pem for the folders below too.';
}
