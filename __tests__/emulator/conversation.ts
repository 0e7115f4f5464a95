import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RawAnswer } from './clients.ts';

/**
 * Calls and their answers, in `fixtures/calls/*.json`. In texts, `<kind>` stands for any value of that kind.
 * `<kind:name>` stands for a value that is the same wherever the name occurs again, also in later requests.
 */
export interface Conversation {
  readonly file: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answer: {
    readonly status: number;
    /** Null means that the header must be absent. */
    readonly headers: Readonly<Record<string, string | null>>;
    /** If absent, there is no body. */
    readonly body?: unknown;
  };
}

const kinds: Readonly<Record<string, string>> = {
  etag: '[A-Za-z0-9+/]+={0,2}',
  ticks: '6\\d{17}',
  time: '20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,7})?Z',
  key: '[A-Za-z0-9+/]{43}=',
  number: '\\d+',
  token: '.+',
  signature: 'SharedAccessSignature sr=localhost&sig=[\\w%]+&skn=iothubowner&se=\\d{10}',
  tracking: 'Tracking ID:[0-9a-f]{32}(?:-G:\\d+)?-TimeStamp:\\d\\d/\\d\\d/\\d{4} \\d\\d:\\d\\d:\\d\\d',
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
};
const placeholder = /<([a-z]+)(?::(\w+))?>/g;

export function conversations(): readonly Conversation[] {
  const folder = join(import.meta.dirname, 'fixtures/calls');
  return readdirSync(folder).map((file) => ({
    file,
    steps: JSON.parse(readFileSync(join(folder, file), 'utf8')),
  }));
}

/** Makes the calls one after the other and compares each answer with its fixture. */
export async function replay(
  steps: readonly Step[],
  send: (method: string, path: string, headers: Record<string, string>, body: unknown) => Promise<RawAnswer>,
): Promise<void> {
  const known = new Map<string, string>();
  for (const step of steps) {
    const headers = Object.entries(step.headers ?? {}).map(([name, value]) => [name, filled(value, known)]);
    const body = step.body === undefined ? undefined : JSON.parse(filled(JSON.stringify(step.body), known));
    const answer = await send(step.method, filled(step.path, known), Object.fromEntries(headers), body);
    expect(answer.status, step.name).toBe(step.answer.status);
    for (const [name, value] of Object.entries(step.answer.headers)) {
      if (value === null) expect(answer.headers[name], `${step.name}: ${name}`).toBeUndefined();
      else expect(matched(value, answer.headers[name], known), `${step.name}: ${name}`).toBe(value);
    }
    if (step.answer.body === undefined) expect(answer.text, step.name).toBe('');
    else expect(resembling(step.answer.body, answer.json, known), step.name).toEqual(step.answer.body);
  }
}

function filled(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(placeholder, (whole) => known.get(whole) ?? whole);
}

/**
 * Returns what was found, with the placeholder in place of every text that fits it. If everything fits, that equals the
 * fixture.
 */
export function resembling(expected: unknown, found: unknown, known: Map<string, string>): unknown {
  if (typeof expected === 'string') return matched(expected, found, known);
  if (Array.isArray(expected) && Array.isArray(found)) {
    return found.map((item, at) => resembling(expected[at], item, known));
  }
  if (isRecord(expected) && isRecord(found)) {
    return Object.fromEntries(
      Object.entries(found).map(([name, value]) => [name, resembling(expected[name], value, known)]),
    );
  }
  return found;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function matched(expected: string, found: unknown, known: Map<string, string>): unknown {
  if (typeof found !== 'string') return found;
  const unknown: string[] = [];
  const parts = expected.split(placeholder);
  // The parts come in groups of three: a text, a kind, a name.
  const pattern = parts.map((part, at) => {
    if (at % 3 === 0) return escaped(part);
    if (at % 3 === 2) return '';
    const whole = parts[at + 1] === undefined ? '' : `<${part}:${parts[at + 1]}>`;
    const value = known.get(whole);
    if (value !== undefined) return escaped(value);
    unknown.push(whole);
    return `(${kinds[part ?? '']})`;
  });
  const match = new RegExp(`^${pattern.join('')}$`).exec(found);
  if (match === null) return found;
  for (const [at, whole] of unknown.entries()) if (whole !== '') known.set(whole, match[at + 1]!);
  return expected;
}

function escaped(text: string | undefined): string {
  return (text ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
