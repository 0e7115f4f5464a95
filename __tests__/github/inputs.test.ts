import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { inputNames, readInputs } from '../../src/github/inputs.ts';
import { readSettings } from '../../src/run/settings.ts';

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

  it('have in action.yml the defaults that the code has too', async () => {
    const context = { directory: '/' };
    const defaults = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default]));
    // Every default is a text, because YAML reads 30 and false as other types.
    for (const [name, value] of Object.entries(defaults)) expect(value, name).toBeTypeOf('string');
    const texts = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)]));
    const fromNothing = await readSettings({}, context);
    expect(await readSettings(texts, context)).toEqual({
      ...fromNothing,
      // On a command line only the person who started a run ends it.
      request: { ...fromNothing.request, timeLimit: 350 },
      // The runner fills in the token.
      githubToken: inputs['github-token']?.default,
      secrets: [inputs['github-token']?.default],
      recognizedBy: ['plan', 'devices.yaml', ''],
    });
  });

  it('are each described', () => {
    for (const [name, { description }] of Object.entries(inputs)) expect(description, name).toMatch(/^[A-Z`].*[.]$/s);
  });
});
