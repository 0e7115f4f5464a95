import { describe, expect, it } from 'vitest';
import { canBeTrue, truthOf } from '../../../src/deployment/route/evaluate.ts';
import { missing, type Value } from '../../../src/deployment/route/outcome.ts';
import { readRoute } from '../../../src/deployment/route/read.ts';
import { isRefusal } from '../../../src/deployment/route/route.ts';

function possible(condition: string): boolean | string {
  const read = readRoute(`FROM /messages WHERE ${condition} INTO $upstream`);
  if (isRefusal(read)) return JSON.stringify(read);
  return read.condition !== undefined && canBeTrue(read.condition.expression);
}

describe('a condition that no message makes true', () => {
  it.each([
    'false',
    'TRUE',
    'level',
    '5',
    "'a'",
    'null',
    'undefined',
    'NOT true',
    "NOT (level = 'a') AND false",
    'null AND true',
    'undefined OR false',
    '1 = 2',
    '2 < 1',
    '0x10 = 15',
    "'a' = 'A'",
    'as_number(level)',
    "length('abc') = 4",
    "contains('abc', 'x')",
    'is_bool(level)',
    'is_null(level)',
    'is_number(level)',
    'sqrt(-1) = 1',
    "as_number('x') > 1",
    "$twin.tags.site = 'a'",
    "$systemProperties.connectionDeviceId = 'a'",
    "$applicationProperties.level = 'a'",
    'is_defined($body)',
    "level = 'a' AND level = 'b'",
    "(level = 'a' AND n = 'x') AND 'b' = LEVEL",
    '$body.a = 1 AND $body.a = 2',
    'null < null',
    'undefined = undefined',
  ])('%s', (condition) => {
    expect(possible(condition)).toBe(false);
  });
});

describe('a condition that a message can make true', () => {
  it.each([
    'true',
    "level = 'a'",
    'level = info',
    "NOT (level = 'a')",
    "level = 'a' OR level = 'b'",
    "level = 'a' AND n = 'b'",
    '$body.a',
    '$body.a AND true',
    'NOT $body.a',
    '$body.nosuch > 1',
    'is_null($body.a)',
    'is_defined(level)',
    'NOT is_defined(level)',
    'NOT null',
    'null OR true',
    'null = null',
    "$connectionModuleId = 'temp'",
    "$CONTENTTYPE = 'application/json'",
    'as_number(n) > 4',
    "as_number('1,000') > 4",
    "upper('ß') = 'SS'",
    '1 + 1 = 2',
    '5 % 2 = 1',
    "substring('abc', 1, 1) = 'b'",
    "index_of('abc', 'c') = 2",
    "'a' || 'b' = 'ab'",
    "(nosuch ?? 'info') = 'info'",
    'undefined = undefined OR true',
    '$body.a = 1 AND $body.b = 2',
    `${'true AND '.repeat(1200)}false`,
  ])('%s', (condition) => {
    expect(possible(condition)).toBe(true);
  });
});

describe('a condition about one value of the body', () => {
  it.each<[string, Value, boolean | undefined]>([
    ['is_null($body.a)', missing, false],
    ['is_null($body.a)', 5, true],
    ['is_null($body.a)', undefined, undefined],
    ['$body.a > 1', missing, true],
    ['$body.a > 1', 'text', true],
    ['$body.a > 1', true, false],
    ['$body.a = null', missing, true],
    ['$body.a AND true', true, true],
    ['$body.a AND true', 5, undefined],
    ['$body.a AND false', undefined, undefined],
    ['NOT $body.a', false, true],
    ['NOT $body.a', 'text', undefined],
    ['$body.a + 1 = 6', 5, true],
    ['($body.a ?? 7) = 7', undefined, true],
    ['($body.a ?? 7) = 7', missing, false],
  ])('%s with %s is %s', (condition, value, expected) => {
    const read = readRoute(`FROM /messages WHERE ${condition} INTO $upstream`);
    if (isRefusal(read) || read.condition === undefined) throw new Error(JSON.stringify(read));
    expect(truthOf(read.condition.expression, () => [value])).toEqual([expected]);
  });
});
