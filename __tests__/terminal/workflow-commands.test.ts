import { describe, expect, it } from 'vitest';
import { commandBreaker } from '../../src/terminal/workflow-commands.ts';
import { fc, times } from '../support/property.ts';

/** The commands of the runner. */
const known = /^(stop-commands|add-mask|set-output|group|error)$/;

/** Tells whether the runner takes a line for a command: ActionCommand.cs, TryParseV2 and TryParse. */
function isCommand(line: string): boolean {
  const trimmed = line.replace(/^[\s\u0085]+/, '');
  const second = trimmed.startsWith('::') && /^::([\w-]+)[^:]*::/.test(trimmed);
  const first = [...line.matchAll(/##\[([\w-]+)[^\]]*\]/g)].some(([, name = '']) => known.test(name));
  return second || first;
}

describe('what the command line prints in a step of a workflow', () => {
  const printed = (...parts: readonly string[]) => parts.map(commandBreaker()).join('');

  it.each([
    ['::stop-commands::token', String.raw`:\u{3a}stop-commands::token`],
    ['fine\n \t\u0085\u2003::add-mask::e\n', `fine\n \t\u0085\u2003${String.raw`:\u{3a}add-mask::e`}\n`],
    ['a\r::add-mask::e', `a\r${String.raw`:\u{3a}add-mask::e`}`],
    ['certs/##[add-mask]e.pem: ###[group]', String.raw`certs/##\u{5b}add-mask]e.pem: ###\u{5b}group]`],
  ])('has no command: %j', (text, expected) => {
    expect(printed(text)).toBe(expected);
  });

  it.each(['a::b', 'iot::add-mask::e', '- "::x"', ': :', '#[x]', '# #[x]', '1 device: valid\n'])('stays %j', (text) => {
    expect(printed(text)).toBe(text);
  });

  it('has no command that comes in parts', () => {
    const piece = fc.constantFrom(
      ':',
      '::',
      '#',
      '##',
      '[',
      '[add-mask]',
      'add-mask::',
      ' ',
      '\n',
      '\r',
      'x',
      '\u0085',
    );
    const parts = fc.array(fc.array(piece).map((pieces) => pieces.join('')));
    const holds = fc.property(parts, (parts) => {
      const lines = printed(...parts).split(/\r\n|\r|\n/);
      expect(lines.filter(isCommand)).toEqual([]);
      expect(printed(...parts)).toBe(printed(parts.join('')));
    });
    fc.assert(holds, times(1000));
  });
});
