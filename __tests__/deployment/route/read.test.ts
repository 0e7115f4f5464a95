import { describe, expect, it } from 'vitest';
import { readRoute } from '../../../src/deployment/route/read.ts';
import { isRefusal, type Route } from '../../../src/deployment/route/route.ts';
import { fc, times } from '../../support/property.ts';

const where = (condition: string) => `FROM /messages/* WHERE ${condition} INTO $upstream`;

/** What is told, and the word at which it is told. */
function refusal(text: string) {
  const read = readRoute(text);
  if (!isRefusal(read)) return 'taken';
  return { stage: read.stage, ...read.what, at: text.slice(read.offset, read.offset + read.length) };
}

function taken(text: string): Route {
  const read = readRoute(text);
  if (isRefusal(read)) throw new Error(`${text}: ${JSON.stringify(read)}`);
  return read;
}

describe('the source', () => {
  it.each([
    ['/*', '/', { kind: 'everything' }],
    ['/messages', '/messages/', { kind: 'all messages' }],
    ['/Messages/*', '/Messages/', { kind: 'all messages' }],
    ['/messages/modules/*', '/messages/modules/', { kind: 'all modules' }],
    ['/messages/modules/temp', '/messages/modules/temp/', { kind: 'module', module: 'temp' }],
    ['/messages/modules/te*', '/messages/modules/te/', { kind: 'module', module: 'te' }],
    ['/messages/modules/temp/outputs/*', '/messages/modules/temp/outputs/', { kind: 'module', module: 'temp' }],
    [
      '/messages/modules/temp/outputs/a/*',
      '/messages/modules/temp/outputs/a/',
      { kind: 'module', module: 'temp', output: 'a' },
    ],
    [
      '/messages/modules/temp/outputs/a/b',
      '/messages/modules/temp/outputs/a/b/',
      { kind: 'module', module: 'temp', output: 'a/b' },
    ],
    ['/twinchangenotifications', '/twinchangenotifications/', { kind: 'twin changes' }],
    ['/messages/modules/*/outputs/a', '/messages/modules/*/outputs/a/', { kind: 'nothing' }],
    ['/messages/modules/temp/inputs/a', '/messages/modules/temp/inputs/a/', { kind: 'nothing' }],
    ['/messages/events', '/messages/events/', { kind: 'nothing' }],
    ['/message/*', '/message/', { kind: 'nothing' }],
    ['/twinChangeNotifications/x', '/twinChangeNotifications/x/', { kind: 'nothing' }],
    ['/ messages / *', '/messages/', { kind: 'all messages' }],
    ['/messages/\u00a0', '/messages/', { kind: 'all messages' }],
  ])('%j is held as %j', (written, path, reads) => {
    expect(taken(`FROM ${written} INTO $upstream`).source).toMatchObject({ path, reads });
  });

  it.each(['true', 'and', 'From', '12', '1e5', 'e5', '0x1F', '-1', '$edgeHub', 'a[1]', '{a}', '<a>', '"a"', ''])(
    'has no part %j',
    (part) => {
      const text = `FROM /messages/modules/${part} INTO $upstream`;
      expect(refusal(text)).toMatchObject({ stage: 'parse', kind: 'syntax' });
    },
  );

  it.each(['TRUE', 'ınto', 'android', '1a', 'a$b', "te'mp", 'my.temp', 'ü', '*a'])('may have a part %j', (part) => {
    expect(taken(`FROM /messages/modules/${part}/* INTO $upstream`).source.path).toBe(`/messages/modules/${part}/`);
  });
});

describe('the sink', () => {
  it.each([
    ['$Upstream', { kind: 'upstream' }],
    ['BrokeredEndpoint("/modules/a/inputs/b")', { kind: 'module', module: 'a', input: 'b' }],
    ["brokeredendpoint ( 'x/ a /y/b*/' )", { kind: 'module', module: ' a ', input: 'b*' }],
    ['BrokeredEndpoint("/modules//inputs//")', { kind: 'module', module: '', input: '' }],
    ['BrokeredEndpoint("/modules/a/inputs/\\u0041")', { kind: 'module', module: 'a', input: '\\u0041' }],
  ])('%j is taken', (written, sink) => {
    expect(taken(`FROM /messages INTO ${written}`).sink).toMatchObject(sink);
  });

  it.each([
    ['$cloud', { kind: 'system sink', name: '$cloud', at: '$cloud' }],
    ['$upstream[0]', { kind: 'system sink', name: '$upstream[0]', at: '$upstream[0]' }],
    ['BrokerEndpoint("/modules/a/inputs/b")', { kind: 'function sink', name: 'BrokerEndpoint', at: 'BrokerEndpoint' }],
    ['BrokeredEndpoint(" ")', { kind: 'blank address', at: ' ' }],
    ['BrokeredEndpoint("/modules/a/inputs")', { kind: 'address parts', count: 3, at: '/modules/a/inputs' }],
    ['BrokeredEndpoint("//modules/a/inputs/b")', { kind: 'address parts', count: 5 }],
    ['upstream', { kind: 'syntax', found: '', expected: ['('] }],
    ['"$upstream"', { kind: 'syntax', found: '"$upstream"', expected: ['sink'] }],
    ['BrokeredEndpoint("/modules/a/inputs/b", 5)', { kind: 'syntax', found: ',', expected: [')'] }],
    ['BrokeredEndpoint(/modules/a/inputs/b)', { kind: 'syntax', found: '/', expected: ['text in quotes'] }],
  ])('%j is refused when the route is parsed', (written, expected) => {
    expect(refusal(`FROM /messages INTO ${written}`)).toMatchObject({ stage: 'parse', ...expected });
  });
});

describe('what is passed over', () => {
  it.each([
    ['FROM /messages/* INTO $upstream', []],
    ["FROM /messages/* INTO $upstream WHERE x = 'y' ", [{ kind: 'after sink', text: "WHERE x = 'y'", offset: 32 }]],
    ['FROM /messages/* INTO $upstream/x', [{ kind: 'after sink', text: '/x', offset: 31 }]],
    [
      "FROM /messages/* WHERE a = 'b' /* n */ INTO $upstream",
      [{ kind: 'comment', text: "/* WHERE a = 'b' /* n */", offset: 14 }],
    ],
    [
      '/* a */ FROM /messages INTO $upstream /* b */',
      [
        { kind: 'comment', text: '/* a */', offset: 0 },
        { kind: 'after sink', text: '/* b */', offset: 38 },
      ],
    ],
    ['FROM /messages/* INTO BrokeredEndpoint("/a/b/c/d") ;', [{ kind: 'after sink', text: ';', offset: 51 }]],
  ])('of %j', (text, ignored) => {
    expect(taken(text).ignored).toMatchObject(ignored);
    expect(taken(text).ignored).toHaveLength(ignored.length);
  });

  it('is a condition in a comment', () => {
    expect(taken("FROM /messages/* WHERE a = 'b' /* note */ INTO $upstream").condition).toBeUndefined();
  });
});

describe('a route that does not parse', () => {
  it.each([
    ['', { kind: 'no source' }],
    [' /* FROM */ ', { kind: 'no source' }],
    ['FORM /messages INTO $upstream', { kind: 'syntax', found: 'FORM', expected: ['FROM', 'SELECT'] }],
    ['SELECT a FROM /messages INTO $upstream', { kind: 'syntax', found: 'a', expected: ['*'] }],
    ['FROM messages INTO $upstream', { kind: 'syntax', found: 'messages', expected: ['/'] }],
    ['FROM /messages/ INTO $upstream', { kind: 'syntax', found: 'INTO', expected: ['part of a path'] }],
    ['FROM /messages TO $upstream', { kind: 'syntax', found: 'TO', expected: ['WHERE', 'INTO'] }],
    [where(''), { kind: 'syntax', found: 'INTO', expected: ['condition'] }],
    [where("level == 'info'"), { kind: 'syntax', found: '=', at: '=' }],
    [where("level = 'a' && n = 'b'"), { kind: 'syntax', found: '&&' }],
    [where("level = 'info"), { kind: 'syntax', found: '' }],
    [where('level IN [1]'), { kind: 'syntax', found: 'IN' }],
    [where('a[0] = 1'), { kind: 'syntax', found: 'a[0]' }],
    [where('1 -1 = 0'), { kind: 'syntax', found: '-1' }],
    [where('{$a = 1'), { kind: 'syntax', found: '=' }],
    [where('{a} = 1'), { kind: 'syntax', found: 'a' }],
    [where('f(()'), { kind: 'syntax', found: ')' }],
    [where('a @'), { kind: 'syntax', found: 'INTO' }],
    [where('(a)))'), { kind: 'syntax', found: ')' }],
    [where('f(a'), { kind: 'syntax', found: 'INTO' }],
  ])('%j', (text, expected) => {
    expect(refusal(text)).toMatchObject({ stage: 'parse', ...expected });
  });
});

describe('a condition that does not compile', () => {
  it.each([
    [
      'n > 4',
      { kind: 'operands', operator: '>', found: ['string', 'number'], expected: ['string', 'string'], at: '>' },
    ],
    ['4 < n', { kind: 'operands', found: ['number', 'string'], expected: ['number', 'number'] }],
    ["NOT level = 'x'", { kind: 'operands', operator: 'NOT', found: ['string'], expected: ['bool'], at: 'NOT' }],
    ['true AND level', { kind: 'operands', operator: 'AND', found: ['bool', 'string'] }],
    ['true AND $body.a', { kind: 'operands', operator: 'AND', found: ['bool', 'body'] }],
    ["'a' + 'b' = 'ab'", { kind: 'operands', operator: '+' }],
    ["a ?? 'b' = 'b'", { kind: 'operands', operator: '??', found: ['string', 'bool'] }],
    ['NOT undefined', { kind: 'operands', operator: 'NOT', found: ['undefined'] }],
    ['$body.a > undefined', { kind: 'operands', operator: '>', found: ['body', 'undefined'] }],
    ['- $body.a = 1', { kind: 'no operator', operator: '-', found: ['body'], at: '-' }],
    ['$body.a % 2 = 1', { kind: 'no operator', operator: '%' }],
    ['null AND undefined', { kind: 'no operator', operator: 'AND' }],
    ['undefined OR null', { kind: 'no operator', operator: 'OR' }],
    ['$body.a AND null', { kind: 'no operator', operator: 'AND' }],
    ["foo(1 + 'a')", { kind: 'unknown function', name: 'foo', at: 'foo' }],
    ["startswith(level, 'a')", { kind: 'unknown function', name: 'startswith', near: 'starts_with' }],
    ['twin_change_includes(tags.a)', { kind: 'unknown function', name: 'twin_change_includes' }],
    ["! (level = 'x')", { kind: 'unknown function', name: '!' }],
    ['length(level, n) = 4', { kind: 'arguments', name: 'length', found: ['string', 'string'], at: 'length' }],
    ['abs(undefined) = 1', { kind: 'arguments', name: 'abs' }],
    ["concat('a') = 'a'", { kind: 'arguments', name: 'concat' }],
    ['$body. = 1', { kind: 'body path', path: '$body.', at: '$body.' }],
    ['$body..a = 1', { kind: 'body path' }],
    ['$body.1 = 1', { kind: 'body path' }],
    ['$body.a. = 1', { kind: 'body path' }],
    ['$body.a[0].1 = 1', { kind: 'body path' }],
    ['$body.a[x] = 1', { kind: 'body path' }],
    ["$body['a'] = 1", { kind: 'operands', found: ['undefined', 'number'] }],
    ["@level = 'x'", { kind: 'unknown character', character: '@', at: '@' }],
    [String.raw`level = 'a\b'`, { kind: 'unknown character', character: '\\' }],
    ["((level = 'x')", { kind: 'missing parenthesis', at: '(' }],
    ["(level = 'x'))", { kind: 'extra parenthesis', at: ')' }],
    ['is_defined(a))', { kind: 'extra parenthesis' }],
    ["level = 'a\\q", { kind: 'unknown character' }],
    [`${'('.repeat(600)}true${')'.repeat(600)}`, { kind: 'too deep' }],
  ])('%s', (condition, expected) => {
    expect(refusal(where(condition))).toMatchObject({ stage: 'compile', ...expected });
  });

  it('is told only where the sink is right: a route is parsed first', () => {
    expect(refusal('FROM /messages WHERE n = 5 INTO $cloud')).toMatchObject({ stage: 'parse', kind: 'system sink' });
  });
});

describe('a condition that compiles', () => {
  it.each([
    '$body.a AND true',
    '$body.a AND 5',
    "$body.a OR 'x'",
    '5',
    "'a'",
    'null AND true',
    'null OR null',
    'NOT null',
    'NOT $body.a',
    'undefined = undefined',
    'undefined AND undefined',
    'n = $body.a',
    'null = $body.a',
    '$body.a] = 1',
    '$body.a[0][1] = 1',
    'is_bool(undefined)',
    "substring(a, 1) = 'b'",
    "a || 'x' = b",
    "'it''s' = level",
    `${'('.repeat(400)}true${')'.repeat(400)}`,
  ])('%s', (condition) => {
    expect(refusal(where(condition))).toBe('taken');
  });
});

describe('operators', () => {
  const shape = (condition: string): string => {
    const read = taken(where(condition)).condition?.expression;
    const written = (part: typeof read): string => {
      if (part?.kind === 'binary') return `(${written(part.left)} ${part.operator} ${written(part.right)})`;
      if (part?.kind === 'unary') return `(${part.operator} ${written(part.operand)})`;
      if (part?.kind === 'constant') return String(part.value);
      return part && 'name' in part ? part.name : '';
    };
    return written(read);
  };

  it.each(
    [
      ['1 + 2 * 3 < 4 AND true OR false', '((((1 + (2 * 3)) < 4) AND true) OR false)'],
      ['1 - 2 - 3 = 4', '(((1 - 2) - 3) = 4)'],
      ["a = b || 'c'", '(a = (b || c))'],
      ['- 1 * 2 = 3', '(((- 1) * 2) = 3)'],
      ['NOT (true) AND false', '((NOT true) AND false)'],
      ['true = 1 < 2', '(true = (1 < 2))'],
      ['a ?? b ?? c', '((a ?? b) ?? c)'],
    ].slice(1),
  )('%s', (condition, expected) => {
    expect(shape(condition)).toBe(expected);
  });
});

describe('any text', () => {
  const word = fc.constantFrom(
    ...[
      'FROM',
      'WHERE',
      'INTO',
      'SELECT',
      '*',
      '/',
      '/messages',
      '$upstream',
      'BrokeredEndpoint',
      '(',
      ')',
      ',',
      "'a'",
      '"b"',
    ],
    ...['$body.a', '{', '}', '@', '-', 'NOT', 'AND', '=', '??', '/*', '*/', '\\', '1', 'e5', 'a', 'is_null'],
  );

  it('is taken or refused, at a place in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 20 }).map((words) => words.join(' ')),
        ),
        (text) => {
          const read = readRoute(text);
          if (!isRefusal(read)) return;
          expect(read.offset).toBeGreaterThanOrEqual(0);
          expect(read.offset + read.length).toBeLessThanOrEqual(text.length);
        },
      ),
      times(2000),
    );
  });

  it.each([
    ['many parentheses', '('.repeat(20_000)],
    ['many calls', 'f('.repeat(20_000)],
    ['many operators', '1 + '.repeat(20_000)],
    ['many ANDs', `${'true AND '.repeat(20_000)}true`],
    ['many signs', '- '.repeat(20_000)],
    ['many closed parentheses', `${'('.repeat(400)}a${') '.repeat(20_000)}`],
    ['comments that are not closed', '/* '.repeat(20_000)],
    ['quotes', "'a\\".repeat(20_000)],
    ['unknown characters', '@ ( '.repeat(20_000)],
  ])('is read in a moment: %s', (_, condition) => {
    const started = performance.now();
    readRoute(where(condition));
    readRoute(condition);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
