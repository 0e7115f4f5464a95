import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { changed, findingsIn, type Parts } from './deployments.ts';

const page = readFileSync('docs/deployment-files.md', 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);

it('the page begins with three lines that are a whole workflow', () => {
  const [first = ''] = blocks('yaml');
  expect(page.startsWith(`# Deployment files\n\n\`\`\`yaml\n${first}`)).toBe(true);
  expect(first.trim().split('\n')).toHaveLength(3);
  const { on, jobs, permissions } = parse(first);
  expect({ on, permissions }).toEqual({
    on: 'pull_request',
    permissions: { contents: 'read', 'pull-requests': 'write' },
  });
  const { inputs } = parse(readFileSync('action.yml', 'utf8'));
  const [, { with: given }] = jobs.lint.steps;
  expect(given).toEqual({ command: 'validate', deployments: 'deployments/*.json' });
  expect(Object.keys(inputs)).toEqual(
    expect.arrayContaining([...Object.keys(given), 'deployments-applied', 'runtime']),
  );
});

/** The three faults of public samples that the page shows. */
const faults: readonly (readonly [on: string, change: (parts: Parts) => void, rule: string])[] = [
  [
    '"env": { "_comment": "only in the plant", "MODE": { "value": "fast" } }',
    ({ sensor }) => void Object.assign(sensor, { env: { _comment: 'only in the plant', MODE: { value: 'fast' } } }),
    'deployment/refused-value',
  ],
  [
    '"env": { "MODE": "fast" }',
    ({ sensor }) => void Object.assign(sensor, { env: { MODE: 'fast' } }),
    'deployment/refused-value',
  ],
  [
    '"schemaVersion": "1.4"',
    ({ agent }) => void Object.assign(agent, { schemaVersion: '1.4' }),
    'deployment/schema-version',
  ],
];

it.each(faults)('the page tells of %s', (on, change, rule) => {
  expect(page).toContain(on);
  const errors = findingsIn(changed(change)).filter(({ severity }) => severity === 'error');
  expect(errors.map((one) => one.rule)).toEqual([rule]);
});
