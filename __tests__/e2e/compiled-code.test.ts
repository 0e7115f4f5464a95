import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../support/folder.ts';
import { runCli } from './runner.ts';

const manifest =
  'version: 1\ndefaults: { runtime: { version: "1.1", platform: debian } }\ndevices: [{ id: edge-1, thumbprints: { primary: "0123456789012345678901234567890123456789" } }]\n';

/** The files of compiled code below a cache folder, with their times. */
function kept(cache: string): ReadonlyMap<string, number> {
  const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => [join(parentPath, name), statSync(join(parentPath, name)).mtimeMs]),
  );
}

function validate(cache: string, env: Readonly<Record<string, string>> = {}) {
  return runCli(['validate'], folderWith({ 'devices.yaml': manifest }), { XDG_CACHE_HOME: cache, ...env });
}

describe('compiled code', () => {
  it('is kept by the first run, used by the next one, and changes nothing of what they say', async () => {
    const cache = folderWith();
    const first = await validate(cache);
    expect(first.code, first.stderr).toBe(0);
    const files = kept(cache);
    expect(files.size).toBeGreaterThan(0);
    const second = await validate(cache);
    expect([second.code, second.stdout]).toEqual([0, first.stdout]);
    expect(kept(cache)).toEqual(files);
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['damaged', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 5000), Buffer.from('!'), bytes.subarray(5001)])],
    ['empty', () => Buffer.alloc(0)],
  ])('is made anew where it is %s', async (_, damage) => {
    const cache = folderWith();
    const first = await validate(cache);
    const whole = new Map([...kept(cache).keys()].map((path) => [path, readFileSync(path).length]));
    for (const path of whole.keys()) writeFileSync(path, damage(readFileSync(path)));
    const second = await validate(cache);
    expect([second.code, second.stdout, second.stderr]).toEqual([0, first.stdout, first.stderr]);
    for (const [path, length] of whole) expect(readFileSync(path).length).toBeGreaterThan(length / 2);
  });

  it('of an earlier version is removed', async () => {
    const cache = folderWith();
    await validate(cache);
    const [path = ''] = kept(cache).keys();
    const old = join(path, '../validate-core-0000');
    writeFileSync(old, '');
    writeFileSync(path, '');
    await validate(cache);
    expect([...kept(cache).keys()]).not.toContain(old);
  });

  it.each([{ GITHUB_ACTIONS: 'true' }, { NODE_DISABLE_COMPILE_CACHE: '1' }])('is not kept with %j', async (env) => {
    const cache = folderWith();
    expect((await validate(cache, env)).code).toBe(0);
    expect(kept(cache).size).toBe(0);
  });

  it('is not missed where it cannot be written', async () => {
    const file = join(folderWith({ file: '' }), 'file');
    expect((await validate(file)).code).toBe(0);
  });
});
