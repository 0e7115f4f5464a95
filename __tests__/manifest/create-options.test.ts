import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';

async function read(text: string) {
  return readFleet(['devices.yaml'], openWorkspace(folderWith({ 'devices.yaml': text })), noPairs);
}

const manifest = (version: string, defaults: string, own: string) => `defaults:
  runtime: { version: "${version}", platform: linux }
  config: { agent: { createOptions: ${defaults} } }
devices:
  - id: one
    config: { agent: { createOptions: ${own} } }
  - id: two
`;

describe('null in a list of createOptions', () => {
  it.each(['1.1', '1.5'])('is told once, where it stands, for IoT Edge %s', async (version) => {
    const { findings } = await read(manifest(version, '{ Env: [A=1, null] }', '{ Mounts: [{ Options: [~] }] }'));
    const nullAt = (key: string) => told('manifest/type', { problem: 'null-in-list', key });
    expect(findings).toEqual([
      { ...nullAt('config.agent.createOptions.Env.1'), device: undefined, place: at('devices.yaml', 3, 50) },
      { ...nullAt('config.agent.createOptions.Mounts.0.Options.0'), device: 'one', place: at('devices.yaml', 6, 62) },
    ]);
    expect(findings.every(({ severity }) => severity === 'error')).toBe(true);
  });

  it('is told of the defaults where certificates name the devices', async () => {
    const text = 'defaults: { config: { agent: { createOptions: { Env: [null] } } } }\ndevices: { from: "*.pem" }\n';
    expect((await read(text)).findings).toMatchObject([{ rule: 'manifest/type', place: { line: 1 } }, {}]);
  });

  it('is none where it stands in a map: there it takes away', async () => {
    const { value, findings } = await read(
      manifest('1.5', '{ User: me, Env: [A=1] }', '{ User: null, Mounts: [{ Source: null, Target: /a }] }'),
    );
    expect(findings).toEqual([]);
    expect(value.devices[0]?.config.agent.createOptions).toEqual({ Env: ['A=1'], Mounts: [{ Target: '/a' }] });
  });
});

describe('the place of an option', () => {
  it('is its own, also where its name has dots', async () => {
    const { value } = await read(
      manifest('1.5', '{ Labels: { com.example.plant: 7 } }', '{ Labels: { com.example: 8 } }'),
    );
    const placeOf = (key: string) => value.devices[0]?.place(`config.agent.createOptions.${key}`);
    expect(placeOf('Labels.com.example.plant')).toEqual(at('devices.yaml', 3, 68));
    expect(placeOf('Labels.com.example')).toEqual(at('devices.yaml', 6, 64));
    // An absent key has the place of the id.
    expect(placeOf('Labels.com')).toEqual(at('devices.yaml', 5, 9));
  });
});
