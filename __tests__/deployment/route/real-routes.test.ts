import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FromMessage, truthOf } from '../../../src/deployment/route/evaluate.ts';
import type { Expression } from '../../../src/deployment/route/expression.ts';
import { missing, type Outcome, type Value } from '../../../src/deployment/route/outcome.ts';
import { readRoute } from '../../../src/deployment/route/read.ts';
import { isRefusal, type Route, type RouteRefusal } from '../../../src/deployment/route/route.ts';
import { takes } from '../../../src/deployment/route/source.ts';

const file = new URL('../../../../shared/reference/deployments/real-agent.json', import.meta.url);

interface Held {
  readonly verdict: 'accepted' | 'accepted-but' | 'refused';
  readonly stage?: string;
  readonly reason?: string;
  readonly understood?: readonly string[];
}

interface RouteRecord {
  readonly id: string;
  readonly where: string;
  readonly input: string;
  readonly all: Held;
}

describe.skipIf(!existsSync(file))('routes, as the real edgeHub of four versions read them', () => {
  const recorded = existsSync(file) ? routeRecords() : [];

  it('has one result for all versions, since the grammar never changed', () => {
    expect(recorded.length).toBe(356);
    expect(recorded.filter(({ all }) => all === undefined)).toEqual([]);
  });

  it.each(recorded.map((record) => [record.input, record] as const))('%j', (text, { all }) => {
    const read = readRoute(text);
    expect(isRefusal(read) ? refusalOf(read) : understoodOf(read)).toEqual(
      all.verdict === 'refused' ? refusalRecorded(all) : all.understood,
    );
  });
});

function routeRecords(): readonly RouteRecord[] {
  const { records }: { readonly records: readonly RouteRecord[] } = JSON.parse(readFileSync(file, 'utf8'));
  return records.filter(({ where }) => where === 'route');
}

/** The column of a syntax fault, counted from 1, is recorded too. */
function refusalRecorded({ stage, reason = '' }: Held): readonly unknown[] {
  return [stage, /\(column (\d+)\)$/.exec(reason)?.[1]];
}

function refusalOf({ stage, what, offset }: RouteRefusal): readonly unknown[] {
  return [stage, what.kind === 'syntax' ? String(offset + 1) : undefined];
}

const sampleSources = [
  '/messages',
  '/messages/modules/temp',
  '/messages/modules/temp/outputs/out',
  '/messages/modules/temp/outputs/out2',
  '/messages/modules/temperature/outputs/out',
  '/twinChangeNotifications',
];

function understoodOf(route: Route): readonly string[] {
  const { source, sink, condition, ignored } = route;
  return [
    `source ${source.path} ${matched(sampleSources.filter((sample) => takes(source, sample)))}`,
    sink.kind === 'upstream'
      ? 'sink IoT Hub'
      : `sink module ${JSON.stringify(sink.module)} input ${JSON.stringify(sink.input)}`,
    ...(condition && condition.text !== 'true' ? [`condition ${condition.text}`] : []),
    `on the sample message: ${condition ? sampleTruth(condition.expression) : 'true'}`,
    ...ignored.map(({ kind, text }) => {
      return `${kind === 'comment' ? 'skipped as a comment' : 'ignored after the sink'}: ${JSON.stringify(text)}`;
    }),
  ];
}

function matched(taken: readonly string[]): string {
  if (taken.length === sampleSources.length) return 'matches every message and twin changes';
  if (taken.length === sampleSources.length - 1) return 'matches every message';
  return taken.length === 0 ? 'matches none of the sample sources' : `matches ${taken.join(', ')}`;
}

const properties: Readonly<Record<string, string>> = { level: 'info', n: '5' };
const system: Readonly<Record<string, string>> = {
  connectiondeviceid: 'dev1',
  connectionmoduleid: 'temp',
  contenttype: 'application/json',
  contentencoding: 'utf-8',
};
/** `a` and `list` are there, but only values that are no objects can be used. */
const body: Readonly<Record<string, Value>> = {
  temp: 21,
  level: 'info',
  'a.b': true,
  'list[0]': 1,
  'list[1]': 2,
  a: undefined,
  list: undefined,
};

function sampleTruth(expression: Expression): string {
  const outcome = truthOf(expression, ofSample);
  return outcome === 'anything' || outcome.length !== 1 ? 'not known' : String(outcome[0]);
}

function ofSample(part: FromMessage): Outcome {
  if (part.kind === 'property') return [properties[part.name.toLowerCase()]];
  if (part.kind === 'system property') return [system[part.name.toLowerCase()]];
  return [part.path in body ? body[part.path] : missing];
}
