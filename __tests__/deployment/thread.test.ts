import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { check } from '../../src/check.ts';
import { runFault } from '../../src/run/faults.ts';
import { judgeSettings } from '../../src/run/settings.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { runCommandLine } from '../../src/terminal/program.ts';
import { requestWithoutHub, worldWithoutHub } from '../support/check.ts';
import { said } from '../support/fault.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { changed } from './deployments.ts';

const wrongVersion = `{
  "modulesContent": {
    "$edgeAgent": {
      "properties.desired": {
        "schemaVersion": "1.4"
      }
    }
  }
}
`;

function checkDeployments(files: Readonly<Record<string, string>>, patterns: readonly string[]) {
  const folder = folderWith(files);
  const request = requestWithoutHub(folder, ['devices.yaml'], 'validate');
  return check({ ...request, deployments: { patterns, applied: false } }, worldWithoutHub(openWorkspace(folder)));
}

describe('deployment files of a run', () => {
  it('are found, read and judged without a devices manifest', async () => {
    const { findings, deployments, devices } = await checkDeployments(
      { 'deployments/a.json': wrongVersion, 'deployments/b.txt': 'no deployment' },
      ['deployments/*.json'],
    );
    expect(deployments).toEqual(['deployments/a.json']);
    expect(devices).toEqual([]);
    expect(findings.map(({ rule, place }) => [rule, place])).toContainEqual([
      'deployment/schema-version',
      at('deployments/a.json', 5, 26),
    ]);
  });

  it('do not hide a manifest that is there', async () => {
    const { findings } = await checkDeployments({ 'devices.yaml': 'version: 2', 'a.json': wrongVersion }, ['a.json']);
    expect(findings.map(({ place }) => place?.file)).toContain('devices.yaml');
  });

  it('are missed if there are none', async () => {
    const { findings } = await checkDeployments({ 'a.json': wrongVersion }, ['a.json', 'b.json']);
    expect(findings).toContainEqual(
      expect.objectContaining({ ...told('deployment/none', { pattern: 'b.json' }), place: at('b.json', 1, 1) }),
    );
    const none = await checkDeployments({}, ['deployments/*.json']);
    expect(none.findings).toEqual([
      expect.objectContaining(told('deployment/none', { pattern: 'deployments/*.json' })),
    ]);
  });

  it('lie inside of the workspace', async () => {
    const { findings } = await checkDeployments({ 'a.json': wrongVersion }, ['../a.json', '/etc/hostname']);
    expect(findings.map(({ rule }) => rule)).not.toContain('deployment/schema-version');
    expect(findings.map(({ severity }) => severity)).toContain('error');
  });
});

describe('deployments whose images name no version', () => {
  const own = changed(({ agent }) => {
    agent.systemModules.edgeHub = {
      type: 'docker',
      status: 'running',
      settings: { image: 'contoso.azurecr.io/hub:mine' },
    };
  });
  const told = async (files: Readonly<Record<string, string>>, more: object = {}) => {
    const folder = folderWith(files);
    const request = requestWithoutHub(folder, ['devices.yaml'], 'validate');
    const deployments = { patterns: ['*.json'], applied: false, ...more };
    const { findings } = await check({ ...request, deployments }, worldWithoutHub(openWorkspace(folder)));
    return findings.filter(({ rule }) => rule === 'deployment/version-assumed').map(({ place }) => place?.file);
  };

  it('are told once', async () => {
    expect(await told({ 'a.json': own, 'b.json': own, 'c.json': changed(() => {}) })).toEqual(['a.json']);
  });

  it('are judged by the version that the run gives', async () => {
    expect(await told({ 'a.json': own }, { runtime: '1.4' })).toEqual([]);
  });
});

describe('the settings of deployments', () => {
  const settingsOf = async (settings: Readonly<Record<string, string>>) =>
    judgeSettings(settings, { directory: '/srv', manifests: () => ['devices.yaml'] });

  it('are one a line', async () => {
    const { settings, faults } = await settingsOf({ command: 'validate', deployments: 'a.json\n b/*.json \n' });
    expect(faults).toEqual([]);
    expect(settings.request.deployments).toEqual({ patterns: ['a.json', 'b/*.json'], applied: false });
  });

  it('say that files are applied, and the runtime', async () => {
    const given = { command: 'validate', deployments: 'a.json', 'deployments-applied': 'true', runtime: '1.4.20' };
    const { settings } = await settingsOf(given);
    expect(settings.request.deployments).toEqual({ patterns: ['a.json'], applied: true, runtime: '1.4.20' });
  });

  it.each([
    [{ command: 'plan', deployments: 'a' }, runFault('deployments-only-validated', { command: 'plan' })],
    [{ command: 'validate', runtime: '1.5' }, runFault('no-deployments', { name: 'runtime' })],
    [
      { command: 'validate', 'deployments-applied': 'true' },
      runFault('no-deployments', { name: 'deployments-applied' }),
    ],
    [{ command: 'validate', deployments: 'a', runtime: 'latest' }, runFault('not-a-runtime', { given: 'latest' })],
  ])('are refused: %j', async (settings, fault) => {
    const { faults } = await settingsOf(settings);
    expect(faults.map(said)).toEqual([said(fault)]);
  });
});

describe('the command line over deployments', () => {
  const run = async (folder: string, ...args: readonly string[]) => {
    const written: string[] = [];
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const output = { write: (text: string) => void written.push(text) };
    const code = await runCommandLine(['validate', ...args, '--json'], output);
    return { code, report: JSON.parse(written.join('')) };
  };

  it.each([
    ['without a repository', '.', 'deployments/*.json'],
    ['from a folder beside them', 'elsewhere', '../deployments/a.json'],
  ])('needs no manifest %s', async (_, from, pattern) => {
    const folder = folderWith({ 'deployments/a.json': changed(() => {}), 'elsewhere/x': '' });
    if (from !== '.') mkdirSync(join(folder, '.git'));
    const { code, report } = await run(join(folder, from), '--deployments', pattern);
    expect({ code, result: report.result, deployments: report.deployments }).toEqual({
      code: 0,
      result: 'valid',
      deployments: ['deployments/a.json'],
    });
  });
});
