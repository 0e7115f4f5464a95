import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const yaml = (file: string) => parse(readFileSync(file, 'utf8'));

describe('action-types.yml', () => {
  const action = yaml('action.yml');
  const types = yaml('action-types.yml');

  it.each(['inputs', 'outputs'] as const)('gives a type to each of the %s of action.yml', (part) => {
    expect(Object.keys(types[part])).toEqual(Object.keys(action[part]));
  });

  it('allows the defaults, and the values that the action takes', () => {
    for (const [name, { default: value }] of Object.entries<{ default?: string }>(action.inputs)) {
      const { type, 'allowed-values': allowed = [value] } = types.inputs[name];
      if (value !== undefined && value !== '')
        expect({ name, values: allowed }).toEqual({ name, values: expect.arrayContaining([value]) });
      if (type === 'integer' && value !== '') expect(value).toMatch(/^\d+$/);
    }
    const named = /^(\w[\w-]*)(?:, (.*)) or (\w+)\.$/.exec(action.outputs.result.description);
    expect(types.outputs.result['allowed-values']).toEqual([
      named?.[1],
      ...(named?.[2]?.split(', ') ?? []),
      named?.[3],
    ]);
  });
});

describe('docs/verify.md', () => {
  const page = readFileSync('docs/verify.md', 'utf8');
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);

  it.each(blocks)('has commands that a shell reads: %#', (block) => {
    expect(spawnSync('sh', ['-n'], { input: block, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('names the workflow, the predicate and the files that a release has', () => {
    const release = readFileSync('.github/workflows/release.yml', 'utf8');
    const [, signer = ''] = /--signer-workflow [^/\s]+\/[^/\s]+\/(\S+)/.exec(page) ?? [];
    expect(existsSync(signer)).toBe(true);
    const { specVersion } = JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8'));
    expect(page).toContain(`CycloneDX ${specVersion}`);
    for (const [, file = ''] of page.matchAll(/--pattern (\S+)/g)) expect(release).toContain(`release/${file}`);
    for (const [, scripts] of page.matchAll(/npm run (\S+)/g))
      expect(Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).scripts)).toContain(scripts);
  });
});

describe('the workflows of this repository', () => {
  const workflows = globSync('.github/workflows/*.yml');

  it.each(workflows)(
    '%s has no permissions beside those of its jobs, and actions pinned to a commit with their version',
    (file) => {
      const text = readFileSync(file, 'utf8');
      // A workflow that is called gets what its caller grants: what it names itself, the caller would have to grant.
      if (!('workflow_call' in yaml(file).on)) expect(yaml(file).permissions).toEqual({});
      for (const [line, reference = ''] of text.matchAll(/^.*\buses: (\S+).*$/gm))
        if (!/^(\.|\$)\//.test(reference)) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    },
  );

  it('use one version of an action each', () => {
    const pins = workflows.flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(\S+) # (\S+)/g),
    ]);
    const versions = new Map<string, Set<string>>();
    for (const [, name = '', commit, version] of pins)
      versions.set(name, (versions.get(name) ?? new Set()).add(`${commit} ${version}`));
    expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
  });
});

describe('docs/threat-model.md', () => {
  const page = readFileSync('docs/threat-model.md', 'utf8');
  const rows = page.match(/^\| \d+ \|.*$/gm) ?? [];

  it('numbers its attacks, each with what holds the answer', () => {
    expect(rows.map((row) => Number(row.split(' ')[1]))).toEqual(rows.map((_, index) => index + 1));
    for (const row of rows) expect(row).toMatch(/\[[^\]]+\]\([^)]+\) \|$/);
  });

  it('names at least 60 tests, which are there', () => {
    const named = rows.flatMap((row) => [...row.matchAll(/\[([^\]]+)\]\(\.\.\/(__tests__\/[^)]+)\)/g)]);
    expect(new Set(named.map(([, test]) => test)).size).toBeGreaterThan(60);
    for (const [, test, file = ''] of named) expect(readFileSync(file, 'utf8').replaceAll("\\'", "'")).toContain(test);
  });
});

describe('docs/craft.md', () => {
  const rows = readFileSync('docs/craft.md', 'utf8').match(/^\| \d+ \|.*$/gm) ?? [];

  it('has 33 features, each with a file that is there or the reason why not', () => {
    expect(rows.map((row) => Number(row.split(' ')[1]))).toEqual(Array.from({ length: 33 }, (_, index) => index + 1));
    for (const row of rows) {
      const here = row.split(' | ').at(-1) ?? '';
      const files = [...here.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, file = '']) => join('docs', file));
      expect(files.length > 0 || /^No: .{30}/.test(here), row).toBe(true);
      expect(files.filter((file) => !existsSync(file))).toEqual([]);
    }
  });
});
