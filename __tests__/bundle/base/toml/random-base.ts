import { fc } from '../../../support/property.ts';

/** One line of a file, or several of one value. */
type Lines = readonly string[];

const comment = fc.constantFrom<Lines>(
  ['# a comment'],
  [''],
  ['#'],
  ['  # an indented one'],
  ['# aaa = 1'],
  ['# [bbb]'],
  ['# one', '# two', ''],
);
const comments = fc.array(comment, { maxLength: 2 }).map((all) => all.flat());
const tail = fc.constantFrom('', '', ' # why', '  ');
const scalar = fc.constantFrom<Lines>(
  ['"text"'],
  ["'it is'"],
  ['12'],
  ['1.50'],
  ['true'],
  ['1979-05-27T07:32:00Z'],
  ['"# no comment"'],
  ['"""', 'lines', '# text', '', 'x"""'],
  ["''' ", "  a = 1'''"],
  ['[]'],
  ['[1, 2]'],
  ['[', '  "a", # why', '  # more', '  "b",', ']'],
  ['{}'],
  ['{ q = 1, "r s" = "}" }'],
  ['{ x = { q.r = 1 } }'],
  ['[{ q = 1 }, { q = 2 }]'],
);
const space = fc.constantFrom(' = ', '=', '  =   ');

function setting(key: string): fc.Arbitrary<Lines> {
  return fc
    .tuple(comments, fc.constantFrom('', '', '  '), space, scalar, tail)
    .map(([before, indent, equals, value, end]) => {
      const [first = '', ...rest] = value;
      const lines = [`${indent}${key}${equals}${first}`, ...rest];
      return [...before, ...lines.slice(0, -1), `${lines.at(-1)}${end}`];
    });
}

function settings(...keys: readonly string[]): fc.Arbitrary<Lines> {
  return fc.tuple(...keys.map((key) => fc.option(setting(key), { nil: [] }))).map((all) => all.flat());
}

function block(header: string, body: fc.Arbitrary<Lines>): fc.Arbitrary<Lines> {
  return fc
    .tuple(comments, tail, body, comments)
    .map(([before, end, lines, after]) => [...before, `${header}${end}`, ...lines, ...after]);
}

interface Part {
  /** At the top, before the first header. */
  readonly top: Lines;
  readonly blocks: readonly Lines[];
}

const asTop = (lines: fc.Arbitrary<Lines>) => lines.map((top): Part => ({ top, blocks: [] }));
const asBlocks = (...blocks: readonly fc.Arbitrary<Lines>[]) =>
  fc
    .shuffledSubarray([...blocks.keys()], { minLength: blocks.length })
    .chain((order) => fc.tuple(...order.map((n) => blocks[n]!)).map((all): Part => ({ top: [], blocks: all })));

/** One name of the top level, in one of the forms that people and programs write. */
function part(name: string): fc.Arbitrary<Part> {
  return fc.oneof(
    fc.constant<Part>({ top: [], blocks: [] }),
    asTop(setting(name)),
    asTop(settings(`${name}.x`, `${name}.y`, `${name}."z z"`)),
    asTop(settings(`${name}.x.q`, `${name}.x.r`, `${name}.y`)),
    asBlocks(block(`[${name}]`, settings('x', 'y', 'net.q'))),
    asBlocks(
      block(`[ ${name} ]`, settings('x')),
      block(`[${name}.y]`, settings('q', 'r')),
      block(`[${name}."z z"]`, settings('q')),
    ),
    asBlocks(block(`[${name}.y]`, settings('q', 'r')), block(`[${name}.x.net]`, settings('q'))),
    asBlocks(block(`[${name}]`, settings('x')), block(`[${name}.net.y]`, settings('q'))),
    block(`[[${name}]]`, settings('x')).map((one): Part => ({ top: [], blocks: [one, one] })),
  );
}

const provisioning = fc.oneof(
  part('provisioning'),
  asBlocks(
    block('[provisioning]', settings('source', 'device_id')),
    block('[provisioning.authentication]', settings('method')),
  ),
);

export const names = ['aaa', 'bbb', 'ccc'] as const;

/** A file with `aaa`, `bbb`, `ccc` and `provisioning` in any form and order. */
export const randomBase: fc.Arbitrary<readonly string[]> = fc
  .tuple(fc.tuple(...names.map(part), provisioning), comments, comments, fc.infiniteStream(fc.nat({ max: 3 })))
  .map(([parts, first, last, choices]) => {
    const queues = parts.map(({ blocks }) => [...blocks]);
    const blocks: Lines[] = [];
    while (queues.some((queue) => queue.length > 0)) {
      const { value = 0 } = choices.next();
      const queue = queues[value]!.length > 0 ? queues[value]! : queues.find((one) => one.length > 0)!;
      blocks.push(queue.shift()!);
    }
    return [...first, ...parts.flatMap(({ top }) => top), ...blocks.flat(), ...last];
  });
