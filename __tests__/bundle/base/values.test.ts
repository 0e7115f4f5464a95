import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readBases } from '../../../src/bundle/base/read.ts';
import type { Device } from '../../../src/model/fleet.ts';
import { openWorkspace } from '../../../src/run/workspace.ts';
import { at, told } from '../../support/finding.ts';
import { folderWith } from '../../support/folder.ts';
import { deviceOf } from '../material.ts';

const sockets = { management_uri: 'unix:///m', workload_uri: 'unix:///w' };
const whole = {
  agent: { name: 'edgeAgent', type: 'docker', env: {}, config: { image: 'agent:1', auth: {} } },
  hostname: 'edge',
  connect: sockets,
  listen: sockets,
  homedir: '/h',
  moby_runtime: { uri: 'unix:///d' },
};

/** What is told of a config.yaml whose settings are those of a whole one and these. */
async function findingsOf(settings: object, ...versions: readonly string[]) {
  const workspace = openWorkspace(
    folderWith({ 'base.yaml': stringify({ ...whole, ...settings }, { aliasDuplicateObjects: false }) }),
  );
  const devices = versions.map((version, index): Device => {
    const device = deviceOf({ version, platform: 'linux', id: `edge-${index}` });
    return { ...device, config: { ...device.config, base: 'base.yaml' } };
  });
  return (await readBases(devices, workspace)).findings;
}

const agentWith = (config: object) => ({ agent: { ...whole.agent, config: { image: 'agent:1', ...config } } });

describe('a value of config.base that the runtime does not take', () => {
  it.each<[string, object, { setting: string; expected: string; found: string }, number]>([
    [
      'a variable that is a number',
      { agent: { ...whole.agent, env: { A: 5 } } },
      { setting: 'agent.env.A', expected: 'text', found: 'a whole number' },
      5,
    ],
    [
      'options of the wrong type',
      agentWith({ createOptions: { HostConfig: { Binds: '/a:/b' } } }),
      { setting: 'agent.config.createOptions.HostConfig.Binds', expected: 'a list', found: 'text' },
      9,
    ],
    [
      'something in a list',
      agentWith({ createOptions: { Env: ['A=b', 5] } }),
      { setting: 'agent.config.createOptions.Env.1', expected: 'text', found: 'a whole number' },
      8,
    ],
    [
      'a lifetime out of range',
      { certificates: { auto_generated_ca_lifetime_days: 65_536 } },
      {
        setting: 'certificates.auto_generated_ca_lifetime_days',
        expected: 'a whole number from 0 to 65535',
        found: 'a whole number',
      },
      19,
    ],
  ])('is told at its line: %s', async (_, settings, problem, line) => {
    const details = { path: 'base.yaml', problem: { kind: 'value', ...problem, version: '1.1' } } as const;
    const findings = await findingsOf(settings, '1.1');
    expect(findings).toMatchObject([told('config/base', details)]);
    expect(findings).toMatchObject([{ device: 'edge-0', place: { file: 'base.yaml', line } }]);
  });

  it('is told once for all its devices, with the versions that do not take it', async () => {
    const settings = agentWith({ createOptions: { HostConfig: { CapAdd: 'ALL' } } });
    const value = { setting: 'agent.config.createOptions.HostConfig.CapAdd', expected: 'a list', found: 'text' };
    const details = { path: 'base.yaml', problem: { kind: 'value', ...value, version: '1.1, 1.1.9' } } as const;
    const findings = await findingsOf(settings, '1.1', '1.0.10', '1.1.9', '1.1');
    expect(findings).toMatchObject([
      { ...told('config/base', details), severity: 'error', rule: 'config/base', place: at('base.yaml', 9, 9) },
    ]);
  });

  it('is told once where every file needs a text', async () => {
    for (const settings of [{ hostname: 5 }, { moby_runtime: { uri: 5 } }])
      expect(await findingsOf(settings, '1.1')).toMatchObject([{ rule: 'config/base' }]);
    expect(await findingsOf({ moby_runtime: { uri: '/d' } }, '1.1')).toMatchObject([{ rule: 'config/base' }]);
  });

  it('is none where the daemon takes what it finds', async () => {
    const settings = {
      ...agentWith({ createOptions: { User: 1000, HostConfig: null }, auth: null }),
      certificates: null,
      watchdog: { max_retries: null },
      provisioning: { source: 'dps', dynamic_reprovisioning: false, attestation: { method: 'tpm' } },
    };
    expect(await findingsOf(settings, '1.1')).toEqual([]);
  });
});
