import { expect, it } from 'vitest';
import { slowness } from '../support/machine.ts';
import { changed, findingsIn, rulesIn, type Tree } from './deployments.ts';

const slow = slowness();

const inSettings = (settings: Tree) => changed((parts) => void Object.assign(parts.settings, settings));
const million = 1_000_000;

/** Files of a few megabytes that would take a run its time or memory. Each is read in a part of a second. */
const hostile: readonly (readonly [what: string, text: () => string, rules: readonly string[]])[] = [
  ['deep', () => '['.repeat(million), ['deployment/syntax']],
  ['deep in objects', () => '{"a":'.repeat(200_000), ['deployment/syntax']],
  ['deep and closed', () => `{"modulesContent":${'['.repeat(200)}${']'.repeat(200)}}`, ['deployment/syntax']],
  ['wide', () => `[${'1,'.repeat(million + 1)}1]`, ['deployment/syntax']],
  ['wide and no JSON', () => '[{,'.repeat(300_000), ['deployment/syntax']],
  ['an open text', () => `{"a": "${'x'.repeat(3 * million)}`, ['deployment/syntax']],
  [
    'a long key',
    () => changed(({ sensor }) => void Object.assign(sensor, { ['k'.repeat(million)]: 1 })),
    ['deployment/unknown-key'],
  ],
  [
    'many unknown keys',
    () =>
      changed(
        ({ sensor }) =>
          void Object.assign(sensor, Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]))),
      ),
    ['deployment/unknown-key'],
  ],
  [
    'a word of commas',
    () => changed(({ sensor }) => void Object.assign(sensor, { status: ','.repeat(million) })),
    ['deployment/refused-value'],
  ],
  ['an image of slashes', () => inSettings({ image: `${'a/'.repeat(million)}:` }), ['deployment/image']],
  ['options that are deep', () => inSettings({ createOptions: '['.repeat(million) }), ['deployment/create-options']],
  [
    'options with a fault in each item, behind escapes',
    () => inSettings({ createOptions: `{"Env":[${'"\\u0041",{},'.repeat(100_000)}1]}` }),
    ['deployment/refused-value'],
  ],
  [
    'placeholders and the end of a tag',
    () => changed(({ sensor }) => void Object.assign(sensor, { env: { A: { value: `${'<a>'.repeat(300_000)}</` } } })),
    [],
  ],
  [
    'a comment for each byte',
    () => changed(() => {}).replace('{', `{${'/**/'.repeat(500_000)}`),
    ['deployment/not-strict-json'],
  ],
];

it.each(hostile)('a file that is %s gets its findings in time', (_, make, rules) => {
  const text = make();
  const before = process.cpuUsage();
  const found = rulesIn(text).filter((rule) => !/nearly|too-large|hub-limit|login/.test(rule));
  const { user } = process.cpuUsage(before);
  expect(found).toEqual(rules);
  // 0.2 s on the machine of the bars.
  expect(user / 1e6).toBeLessThan(2 * slow);
});

it('a key with the name of the prototype is a key', () => {
  const text = changed(() => {}).replace('"version": "1.0",', '"version": "1.0", "__proto__": {"status": "stopped"},');
  expect(rulesIn(text)).toEqual([]);
  expect(rulesIn('{"__proto__": {"modulesContent": {}}}')).toEqual(['deployment/unknown-form']);
  const env = changed(() => {}).replace('"env": {', '"env": {"__proto__": "x",');
  expect(findingsIn(env).map(({ rule }) => rule)).toEqual(['deployment/refused-value']);
});
