import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { inputNames, readInputs } from '../../src/github/inputs.ts';
import { readRequest } from '../../src/run/settings.ts';

afterEach(() => vi.unstubAllEnvs());

const { inputs }: { inputs: Record<string, { description: string; default: unknown }> } = parse(
  readFileSync('action.yml', 'utf8'),
);

describe('the inputs', () => {
  it('are those of action.yml', () => {
    expect([...inputNames]).toEqual(Object.keys(inputs));
  });

  it('are read by name, trimmed, and empty where they are not given', () => {
    vi.stubEnv('INPUT_COMMAND', ' apply\n');
    vi.stubEnv('INPUT_ONLY-HUB', 'a.b');
    const read = readInputs();
    expect(read).toMatchObject({ command: 'apply', 'only-hub': 'a.b', 'max-changes': '' });
    expect(Object.keys(read)).toEqual(Object.keys(inputs));
  });

  it('have in action.yml the defaults that the code has too', () => {
    const context = { directory: '/', credentialHubs: [], findings: [] };
    const defaults = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default]));
    // Texts, every one of them: YAML would make something else of 30 or false.
    for (const [name, value] of Object.entries(defaults)) expect(value, name).toBeTypeOf('string');
    const texts = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)]));
    // On a command line nothing ends a run but who has begun it.
    expect(readRequest(texts, context)).toEqual({ ...readRequest({}, context), timeLimit: 350 });
  });

  it('are each described', () => {
    for (const [name, { description }] of Object.entries(inputs)) expect(description, name).toMatch(/^[A-Z`].*[.]$/s);
  });
});
