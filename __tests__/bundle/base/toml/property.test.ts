import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import type { TomlSetting } from '../../../../src/bundle/base/toml/base.ts';
import { editToml } from '../../../../src/bundle/base/toml/edit.ts';
import { readToml } from '../../../../src/bundle/base/toml/read.ts';
import { fc, times } from '../../../support/property.ts';
import { names, randomBase } from './random-base.ts';
import { provisioning, provisioningParsed } from './toml-material.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '# x', 'a = b', '\n', '\r\n', '{{', '', "'''"),
);
const name = fc.oneof(fc.constantFrom('x', 'y', 'z', '__proto__'), fc.string({ unit: 'grapheme' }));
const flat = fc.dictionary(name, fc.oneof(text, fc.integer()), { maxKeys: 3 });
const value = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.array(text, { maxLength: 2 }),
  flat,
  fc.dictionary(name, flat, { maxKeys: 2 }),
);
const path = fc.tuple(
  fc.constantFrom(...names, 'ddd'),
  fc.array(fc.constantFrom('x', 'y', 'net', 'createOptions'), { maxLength: 2 }),
);
const wanted = fc
  .array(fc.record({ path: path.map(([first, rest]) => [first, ...rest]), value }), { maxLength: 4 })
  .map((all) => all.filter((one, n) => all.every((other, m) => m === n || !begins(one.path, other.path))));

function begins(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((part, n) => part === long[n]);
}

type Frame = Record<string, unknown>;

function setIn(target: Frame, [first = '', ...rest]: readonly string[], to: unknown): void {
  const inside = Object.hasOwn(target, first) ? target[first] : undefined;
  let next = to;
  if (rest.length > 0) {
    const isMap = typeof inside === 'object' && inside !== null && !Array.isArray(inside) && !(inside instanceof Date);
    const below: Frame = isMap ? { ...inside } : {};
    setIn(below, rest, to);
    next = below;
  }
  Object.defineProperty(target, first, { value: next, enumerable: true, configurable: true, writable: true });
}

const wholly = { integersAsBigInt: 'asNeeded' } as const;

/** Without the class of maps: the reader's have none. */
function plain(of: unknown): unknown {
  if (Array.isArray(of)) return of.map(plain);
  if (of instanceof Date) return of.toISOString();
  if (typeof of !== 'object' || of === null) return of;
  // As a list of pairs, since a map cannot show __proto__ in a difference.
  return Object.entries(of)
    .map(([key, inner]) => [key, plain(inner)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function expectedOf(before: string, set: readonly TomlSetting[]): unknown {
  const { ...expected }: Frame = parse(before, wholly);
  expected.provisioning = provisioningParsed;
  for (const one of set) setIn(expected, one.path, one.value);
  return plain(expected);
}

describe('a config.toml, whatever is in it', () => {
  it('means what it meant, but for the section and the settings that were to be set', () => {
    fc.assert(
      fc.property(randomBase, wanted, fc.boolean(), fc.boolean(), fc.boolean(), (lines, set, windows, mark, ends) => {
        const newline = windows ? '\r\n' : '\n';
        const before = `${mark ? '\uFEFF' : ''}${lines.join(newline)}${ends ? newline : ''}`;
        const read = readToml('base.toml', before);
        if (!('base' in read)) throw new Error(JSON.stringify(read));
        const after = editToml(read.base, { provisioning, set });
        expect(plain(parse(after.replace(/^\uFEFF/, ''), wholly)), after).toEqual(
          expectedOf(before.replace(/^\uFEFF/, ''), set),
        );

        expect(after.startsWith('\uFEFF')).toBe(mark);
        expect(
          after
            .split('\n')
            .slice(0, -1)
            .every((line) => line.endsWith('\r') === windows),
        ).toBe(true);
      }),
      times(300),
    );
  });

  it('keeps every line, in its order, where new settings are added', () => {
    const added = fc.array(
      fc.record({ path: fc.constantFrom(['ddd'], ['eee', 'x'], ['eee', 'y', 'z']), value: text }),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(randomBase, added, (lines, set) => {
        const read = readToml('base.toml', lines.join('\n'));
        if (!('base' in read)) throw new Error(JSON.stringify(read));
        const distinct = set.filter(
          ({ path: one }, n) => set.findIndex((other) => other.path.join() === one.join()) === n,
        );
        const after = editToml(read.base, { provisioning, set: distinct }).split('\n');
        let at = 0;
        for (const line of lines.join('\n').split('\n')) {
          const found = after.findIndex((other, n) => n >= at && (other === line || other === `# ${line}`));
          expect(found, `${JSON.stringify(line)} in\n${after.join('\n')}`).toBeGreaterThan(-1);
          at = found + 1;
        }
      }),
      times(200),
    );
  });

  it('is refused or edited, never an exception', () => {
    const part = fc.constantFrom(
      ...[
        '[provisioning]',
        '[[a]]',
        '[a.b]',
        '\n',
        '\n',
        '\n',
        'a = 1',
        'a.b = {',
        '}',
        ' = ',
        '"',
        "'''",
        '[',
        ']',
        ',',
      ],
      ...[
        '# c',
        '\r',
        '\u2028',
        'provisioning.x = 1',
        'hostname = "h"',
        '__proto__ = 1',
        '\\u0000',
        '1979-05-27',
        '"""',
      ],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const read = readToml('base.toml', parts.join(''));
        if (!('base' in read)) return;
        const after = read.base.edit({ provisioning, set: [] });
        expect(plain(parse(after, wholly))).toEqual(expectedOf(parts.join(''), []));
      }),
      times(1000),
    );
  });
});
