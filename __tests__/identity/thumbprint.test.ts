import { describe, expect, test } from 'vitest';
import { normaliseThumbprint } from '../../src/identity/thumbprint.ts';
import { fc } from '../support/property.ts';

const sha1 = '3FA9C04B1D2E5F60718293A4B5C6D7E8F9010203';

describe('a given thumbprint', () => {
  test.each([
    ['bare digits', sha1, sha1, []],
    ['its case is kept', sha1.toLowerCase(), sha1.toLowerCase(), []],
    ['colons, as openssl prints', sha1.replace(/..(?=.)/g, '$&:'), sha1, [{ kind: 'colon', count: 19 }]],
    ['spaces, as Windows shows', sha1.replace(/..(?=.)/g, '$& '), sha1, [{ kind: 'space', count: 19 }]],
    ['one space', `${sha1} `, sha1, [{ kind: 'space', count: 1 }]],
    ['the mark of the Windows dialog', `\u200E${sha1}`, sha1, [{ kind: 'mark', text: 'U+200E', count: 1 }]],
    [
      'a byte order mark and a no-break space',
      `\uFEFF${sha1}\u00A0`,
      sha1,
      [
        { kind: 'mark', text: 'U+FEFF', count: 1 },
        { kind: 'space', count: 1 },
      ],
    ],
    ['two marks of a kind', `\u200B${sha1}\u200B`, sha1, [{ kind: 'mark', text: 'U+200B', count: 2 }]],
    [
      'marks of two kinds',
      `\u200B${sha1}\u200E`,
      sha1,
      [
        { kind: 'mark', text: 'U+200B', count: 1 },
        { kind: 'mark', text: 'U+200E', count: 1 },
      ],
    ],
    [
      'dashes and dots',
      sha1.replace(/^(..)(..)(..)/, '$1-$2–$3.'),
      sha1,
      [
        { kind: 'dash', count: 2 },
        { kind: 'dot', count: 1 },
      ],
    ],
    ['a line break', `${sha1}\n`, sha1, [{ kind: 'space', count: 1 }]],
    ['the line of openssl', `SHA1 Fingerprint=${sha1}`, sha1, [{ kind: 'label', text: 'SHA1 Fingerprint=', count: 1 }]],
    [
      'the line of another openssl',
      `sha256 Fingerprint=${sha1}`,
      sha1,
      [{ kind: 'label', text: 'sha256 Fingerprint=', count: 1 }],
    ],
  ])('%s', (_, given, thumbprint, dropped) => {
    expect(normaliseThumbprint(given)).toEqual({ thumbprint, dropped });
  });

  test.each([
    ['a letter O', sha1.replace('0', 'O'), { rule: 'thumbprint/not-hex', character: 'O', position: 6 }],
    ['a word in front', `SHA1=${sha1}`, { rule: 'thumbprint/not-hex', character: 'S', position: 1 }],
    [
      'a position counts what a person sees',
      `AA:\u{1F600}`,
      { rule: 'thumbprint/not-hex', character: '\u{1F600}', position: 4 },
    ],
    ['a digit too few', sha1.slice(1), { rule: 'thumbprint/length', length: 39 }],
    ['a digit too many', `${sha1}0`, { rule: 'thumbprint/length', length: 41 }],
    ['between the two lengths', sha1 + sha1.slice(0, 23), { rule: 'thumbprint/length', length: 63 }],
    ['nothing', '', { rule: 'thumbprint/length', length: 0 }],
    ['separators alone', ' : ', { rule: 'thumbprint/length', length: 0 }],
  ])('is refused: %s', (_, given, problem) => {
    expect(normaliseThumbprint(given)).toMatchObject({ problem });
    expect(normaliseThumbprint(given)).not.toHaveProperty('thumbprint');
  });

  test('comes back whatever stands between its digits', () => {
    const digit = fc.constantFrom(...'0123456789abcdefABCDEF');
    const separator = fc.constantFrom('', '', ':', ' ', '-', '.', '\u200E', '\u200F', '\uFEFF', '\u00A0', '\t', '\r\n');
    const pairs = fc
      .constantFrom(40, 64)
      .chain((length) => fc.array(fc.tuple(digit, separator), { minLength: length, maxLength: length }));
    fc.assert(
      fc.property(pairs, (all) => {
        const { thumbprint, dropped } = normaliseThumbprint(all.flat().join(''));
        expect(thumbprint).toBe(all.map(([d]) => d).join(''));
        expect(dropped.length === 0).toBe(all.every(([, s]) => s === ''));
      }),
    );
  });

  test('never throws, and is a thumbprint or a problem', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        const { thumbprint, problem } = normaliseThumbprint(given);
        expect((thumbprint === undefined) !== (problem === undefined)).toBe(true);
      }),
    );
  });
});
