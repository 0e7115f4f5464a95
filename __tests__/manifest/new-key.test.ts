import { readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const schemaFile = resolve(root, 'schemas/devices.schema.json');

/** Every file that has something to say of a key. */
const files = [
  'src/model/fleet.ts',
  'src/manifest/config.ts',
  'src/manifest/device.ts',
  'src/bundle/judge/known-by.ts',
  'src/bundle/judge/texts.ts',
  'src/bundle/config/agent.ts',
  'src/bundle/config/yaml.ts',
  'src/bundle/config/toml.ts',
  'src/bundle/running.ts',
];

/** What every key needs: its type, and its row in each table. */
const tables = [
  'src/bundle/config/toml.ts',
  'src/bundle/config/yaml.ts',
  'src/bundle/judge/known-by.ts',
  'src/bundle/judge/texts.ts',
  'src/bundle/running.ts',
  'src/model/fleet.ts',
];

interface Part {
  properties?: Record<string, Part>;
  items?: Part;
  [keyword: string]: unknown;
}

const reader = 'src/manifest/config.ts';
const text: Part = { type: ['string', 'null'], description: 'A new key.' };

describe('a key that the schema has and nothing else', { timeout: 300_000 }, () => {
  it('is none that the schema has today', () => {
    expect(errorsWith(() => {})).toEqual([]);
  });

  it.each<[above: string, name: string, readers: readonly string[], part: Part]>([
    ['config', 'brandNew', [reader], text],
    ['config', 'logs', [reader], { properties: { level: text } }],
    ['runtime', 'brandNew', ['src/manifest/device.ts'], text],
    ['config.agent.registry', 'brandNew', [reader, 'src/bundle/config/agent.ts'], text],
    ['config.network.ipam', 'brandNew', [reader, 'src/bundle/config/yaml.ts'], text],
    // A reference is not followed: its keys would be missed.
    ['config', 'shared', [reader], { $ref: '#/$defs/hub' }],
  ])('does not compile: below %s, %s', (above, name, readers, part) => {
    const errors = errorsWith(($defs) => {
      partAt($defs, above)[name] = part;
    });
    expect(new Set(errors.map(({ file }) => file))).toEqual(new Set([...tables, ...readers]));
    for (const file of tables) {
      const messages = errors.filter((error) => error.file === file).map(({ message }) => message);
      expect(messages.join('\n'), file).toContain(`${above}.${name}`);
    }
  });
});

/** The keys below a path, such as `config.agent`; of a list those of its items. */
function partAt($defs: Record<string, Part>, path: string): Record<string, Part> {
  return path.split('.').reduce<Record<string, Part>>((keys, name) => {
    const part = keys[name];
    return part?.properties ?? part?.items?.properties ?? {};
  }, $defs);
}

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(resolve(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')).config,
  { ...ts.sys, readDirectory: () => [] },
  root,
);
const host = ts.createCompilerHost(options);
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of `files` when the schema's parts have been edited. */
function errorsWith(edit: ($defs: Record<string, Part>) => void) {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
  edit(schema.$defs);
  const program = ts.createProgram(
    files.map((file) => resolve(root, file)),
    options,
    {
      ...host,
      getSourceFile(path, languageVersion) {
        if (resolve(path) === schemaFile) return ts.createSourceFile(path, JSON.stringify(schema), languageVersion);
        if (!parsed.has(path)) parsed.set(path, host.getSourceFile(path, languageVersion));
        return parsed.get(path);
      },
    },
  );
  return files.flatMap((file) =>
    program.getSemanticDiagnostics(program.getSourceFile(resolve(root, file))).map(({ messageText }) => ({
      file: relative(root, resolve(root, file)).replaceAll(sep, '/'),
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    })),
  );
}
