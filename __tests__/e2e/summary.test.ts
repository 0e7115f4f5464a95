import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../support/folder.ts';

/** What the gate says of a run with these tests, on a machine where PATH names nothing. */
function summary(tests: Readonly<Record<string, 'passed' | 'failed' | 'pending'>>, env = {}) {
  const assertionResults = Object.entries(tests).map(([fullName, status]) => ({ fullName, status }));
  const report = { testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults }] };
  const folder = folderWith({ 'results.json': JSON.stringify(report) });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve('scripts/summary.ts'), join(folder, 'results.json')],
    { encoding: 'utf8', env: { PATH: folder, ...env } },
  );
  return { status, stdout, stderr };
}

const lacking = 'packs bundles (needs jq)';

describe('the summary of the gate', () => {
  it('names a test that did not run for lack of a tool, and passes', () => {
    const { status, stdout } = summary({ a: 'passed', [lacking]: 'pending' });
    expect(stdout).toContain(lacking);
    expect(stdout.trimEnd().endsWith('\n1 passed, 0 failed, 1 skipped')).toBe(true);
    expect(status).toBe(0);
  });

  it('fails for each lack with REQUIRE_TOOLS', () => {
    const { status, stderr } = summary({ a: 'passed', [lacking]: 'pending' }, { REQUIRE_TOOLS: '1' });
    expect(stderr).toContain(lacking);
    expect(status).toBe(1);
  });

  it.each([
    ['without a tool', 'is skipped'],
    ['for a tool without a row', 'is skipped (needs luck)'],
    [
      'for a tool that is there',
      `is skipped (needs ${process.platform === 'win32' ? 'git' : 'links and modes of POSIX'})`,
    ],
  ])('fails for a test that is skipped %s', (_, name) => {
    const { status, stderr } = summary({ a: 'passed', [name]: 'pending' });
    expect(stderr).toContain(name);
    expect(status).toBe(1);
  });

  it.each([
    ['a test that failed', { a: 'passed', b: 'failed' }],
    ['no test at all', {}],
  ] as const)('fails for %s', (_, tests) => {
    expect(summary(tests).status).toBe(1);
  });
});
