import { describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { readBase } from '../../../src/bundle/base/base.ts';
import { editBase } from '../../../src/bundle/base/edit.ts';
import { fc, times } from '../../support/property.ts';
import { baseOf, edited, pair, section } from './base-material.ts';

/** A line, and the setting it belongs to; comments and empty lines belong to none. */
type Line = readonly [line: string, owner?: string];

const comment = fc.constantFrom<Line>(['# a comment'], ['#'], [''], ['  # an indented one'], ['# x: "y"']);
const comments = fc.array(comment, { maxLength: 2 });
const tail = fc.constantFrom('', ' # why', '  ');
const inline = fc.constantFrom(
  '"text"',
  'bare words',
  "'it''s'",
  '12',
  'true',
  '',
  '~',
  '[1, {x: y}]',
  '!!str no',
  '{}',
);
const inner = fc.constantFrom('{x: 1}', '{ x: "}", y: [1] }', '{"x":1,}');

/** One setting of the top level, in one of the forms that people and programs write. */
function setting(name: string): fc.Arbitrary<readonly Line[]> {
  const own = (...lines: readonly string[]): readonly Line[] => lines.map((line) => [line, name]);
  const below = (sub: string) =>
    fc.oneof(
      fc.tuple(inline, tail).map(([value, end]): readonly Line[] => [[`  ${sub}: ${value}${end}`, `${name}.${sub}`]]),
      fc.constantFrom<readonly Line[]>(
        [
          [`  ${sub}: # c`, `${name}.${sub}`],
          ['    x: 1', `${name}.${sub}`],
          ['    y:', `${name}.${sub}`],
          ['      - 1', `${name}.${sub}`],
        ],
        [
          [`  ${sub}: |`, `${name}.${sub}`],
          ['    # text', `${name}.${sub}`],
          ['    text', `${name}.${sub}`],
        ],
      ),
    );
  return fc.oneof(
    fc.tuple(inline, tail).map(([value, end]) => own(`${name}: ${value}${end}`)),
    fc.tuple(inner, tail).map(([value, end]) => own(`${name}: ${value}${end}`)),
    fc.constantFrom(
      own(`${name}:`, '- 1', '- x: 2'),
      own(`${name}: >-`, '  folded', '', '  text'),
      own(`${name}:`, '  "t"'),
    ),
    fc
      .tuple(below('x'), comments, fc.option(below('y'), { nil: [] }), tail)
      .map(([x, between, y, end]) => [...own(`${name}:${end}`), ...x, ...between, ...y]),
  );
}

const provisioning = fc
  .constantFrom(
    ['provisioning:', '  source: "manual"', '', '  device_connection_string: "<HERE>"', '  # c', '  # d: e'],
    ['provisioning: # c', '    source: dps', '# in between', '    dynamic_reprovisioning: true'],
    ['provisioning: {source: external,', '  endpoint: "http://localhost:9999"}'],
    [],
  )
  .map((lines): readonly Line[] => lines.map((line) => [line, 'provisioning']));

const names = ['aaa', 'bbb', 'ccc'] as const;
const file = fc
  .tuple(
    fc.tuple(...names.map(setting), provisioning),
    fc.array(comments, { minLength: 5, maxLength: 5 }),
    fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  )
  .map(([chunks, between, order]) => [...order.flatMap((n) => [...(between[n] ?? []), ...chunks[n]!]), ...between[4]!])
  .map((lines) => {
    const owned: Line[] = [];
    for (const [line, owner] of lines) {
      // Indented comments right behind the section are its own.
      const follows = owner === undefined && line.startsWith('  #') && owned.at(-1)?.[1] === 'provisioning';
      owned.push(follows ? [line, 'provisioning'] : owner === undefined ? [line] : [line, owner]);
    }
    return owned;
  });

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '# x', 'a: b', '\n', '\r\n', '{{', 'no', ''));
const name = fc.oneof(fc.constantFrom('x', 'y', 'z', 'no'), text).filter((key) => key !== '__proto__');
const value = fc.oneof(
  ...[text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 2 })],
  fc.dictionary(name, fc.oneof(text, fc.dictionary(name, fc.integer(), { maxKeys: 2 })), { maxKeys: 2 }),
);
const path = fc.tuple(fc.constantFrom(...names, 'ddd'), fc.array(fc.constantFrom('x', 'y', 'net'), { maxLength: 2 }));
const wanted = fc
  .array(fc.record({ path: path.map(([first, rest]) => [first, ...rest]), value }), { maxLength: 4 })
  .map((all) => all.filter((one, n) => all.every((other, m) => m === n || !begins(one.path, other.path))));

function begins(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((part, n) => part === long[n]);
}

function setIn(target: Record<string, unknown>, [first = '', ...rest]: readonly string[], to: unknown): void {
  const inside = target[first];
  if (rest.length === 0) target[first] = to;
  else {
    const isMap = typeof inside === 'object' && inside !== null && !Array.isArray(inside);
    const next: Record<string, unknown> = isMap ? { ...inside } : {};
    setIn(next, rest, to);
    target[first] = next;
  }
}

const quiet = { logLevel: 'error' } as const;

describe('a base, whatever is in it', () => {
  it('means what it meant, but for the section and the settings that were to be set', () => {
    fc.assert(
      fc.property(file, wanted, fc.boolean(), fc.boolean(), fc.boolean(), (lines, set, windows, mark, ends) => {
        const newline = windows ? '\r\n' : '\n';
        const before = `${mark ? '\uFEFF' : ''}${lines.map(([line]) => line).join(newline)}${ends ? newline : ''}`;
        const result = editBase(baseOf(before), { provisioning: pair, set });

        const expected: Record<string, unknown> = parse(before.replace(/^\uFEFF/, ''));
        const old = expected.provisioning;
        const { provisioning } = parse(section);
        provisioning.dynamic_reprovisioning = JSON.stringify(old ?? '').includes('true');
        expected.provisioning = provisioning;
        for (const one of set) setIn(expected, one.path, one.value);
        const document = parseDocument(result.replace(/^\uFEFF/, ''));
        expect([...document.errors, ...document.warnings]).toEqual([]);
        expect(document.toJS()).toEqual(expected);

        expect(result.startsWith('\uFEFF')).toBe(mark);
        if (ends) expect(result.endsWith(newline)).toBe(true);
        expect(
          result
            .split('\n')
            .slice(0, -1)
            .every((line) => line.endsWith('\r') === windows),
        ).toBe(true);
        keepsLines(lines, set, result.replace(/^\uFEFF/, '').split(newline));
      }),
      times(1000),
    );
  });

  it('is refused or edited, never an exception', () => {
    const part = fc.constantFrom(
      ...[
        'provisioning:',
        'agent:',
        '  source: manual',
        ' a: b',
        '\t',
        '\n',
        '\n',
        '\n',
        '"',
        "'",
        '{',
        '}',
        '[',
        '- ',
      ],
      ...[
        '# c',
        '&a ',
        '*a',
        '---',
        '...',
        '? ',
        ': ',
        '|+',
        '>-',
        '!!str ',
        '<<: *a',
        'x: 1',
        '%YAML 1.1',
        '\r',
        '\u2028',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 14 }).map((parts) => parts.join('')),
        (before) => {
          const { value: base, findings } = readBase('base.yaml', before, {});
          expect(base === undefined).toBe(findings.length > 0);
          if (base === undefined) return;
          const after = parse(edited(before), quiet);
          expect(after.provisioning).toEqual(parse(section).provisioning);
          expect(after).toEqual({ ...parse(before, quiet), provisioning: after.provisioning });
        },
      ),
      times(2000),
    );
  });
});

/** The lines that belong to nothing that was set stand in the result, in their order. */
function keepsLines(
  lines: readonly Line[],
  set: readonly { readonly path: readonly string[] }[],
  result: readonly string[],
): void {
  const touched = ({ 1: owner = '' }: Line) =>
    owner !== '' &&
    set.some(
      ({ path: [top, sub] }) =>
        owner === top || owner === `${top}.${sub}` || (sub === undefined && owner.startsWith(`${top}.`)),
    );
  const whole = new Set(set.flatMap(({ path: [top, sub] }) => [top, `${top}.${sub}`]));
  let at = 0;
  lines.forEach((line, n) => {
    const [content, owner] = line;
    // Comments inside a section that was replaced went with it.
    const inside =
      owner === undefined &&
      whole.has(
        lines
          .slice(0, n)
          .findLast((one) => one[1])?.[1]
          ?.split('.')[0] ?? '',
      );
    if (touched(line) || inside || content === '') return;
    const commented = owner === 'provisioning' ? `# ${content}` : content;
    const found = result.indexOf(commented, at);
    expect(found, `${JSON.stringify(commented)} in\n${result.join('\n')}`).toBeGreaterThan(-1);
    at = found + 1;
  });
}
