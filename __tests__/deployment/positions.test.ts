import { expect, it } from 'vitest';
import { changed, findingsIn, type Tree } from './deployments.ts';

/** What stands in the file at the places of all errors. */
function pointedAt(settings: Tree): readonly string[] {
  const text = changed((parts) => void Object.assign(parts.settings, settings));
  const lines = text.split('\n');
  return findingsIn(text)
    .filter(({ severity }) => severity === 'error')
    .map(({ place }) =>
      (lines[(place?.line ?? 0) - 1] ?? '').slice((place?.column ?? 0) - 1, (place?.column ?? 0) + 7),
    );
}

const quoted = (text: string) => JSON.stringify(text).slice(1, -1);

it('a place in createOptions is counted through its escapes', () => {
  expect(pointedAt({ createOptions: '{"Labels":{"\u00e4":"\\u00e4\\n\\\\"},"HostConfig":{"Memory":"512m"}}' })).toEqual(
    [quoted('"512m"}}').slice(0, 8)],
  );
});

it('a place in the second piece is one in that piece', () => {
  expect(pointedAt({ createOptions: '{"HostConfig":{"Mem', createOptions01: 'ory":"512m"}}' })).toEqual([
    quoted('"512m"}}').slice(0, 8),
  ]);
});

it('a long text is counted as well as a short one', () => {
  const labels = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`label-${n}`, 'a "quoted" text']));
  const createOptions = `{"Labels":${JSON.stringify(labels)},"HostConfig":{"Binds":{"x":1}}}`;
  expect(pointedAt({ createOptions })[0]).toBe(quoted('{"x":1}}').slice(0, 8));
});

it('an object as createOptions keeps its own places', () => {
  expect(pointedAt({ createOptions: { HostConfig: { Memory: '512m' } } })).toEqual(['"512m"']);
});
