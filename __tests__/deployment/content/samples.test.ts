import { expect, it } from 'vitest';
import { FileText, judgeText } from '../../../src/deployment/judge.ts';
import { weighed } from '../../../src/model/finding.ts';
import { samples } from './samples.ts';

it('there are more than 25 of them', () => {
  expect(samples.size).toBeGreaterThanOrEqual(25);
});

it.each([...samples])('has no error and no warning: %s', (_, text) => {
  const { findings } = judgeText(new FileText('a.json', text), { applied: false });
  const said = weighed(findings, undefined).filter(({ severity }) => severity !== 'notice');
  expect(said.map(({ rule, message, place }) => [rule, message, place?.line])).toEqual([]);
});
