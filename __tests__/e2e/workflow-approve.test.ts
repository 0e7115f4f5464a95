import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';
import { githubFault } from '../../src/github/faults.ts';
import { commit } from '../support/act.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { git } from '../support/git.ts';
import { githubToken } from '../support/github-api.ts';
import { describeNeeding } from '../support/needing.ts';
import { bundlesIn } from '../support/results-service.ts';
import { hubOf, push, type Scenario, scenario, serverAt, twoHubs } from '../support/scenario.ts';
import { runCli } from './runner.ts';

/** What act cannot show: that the apply job waits for the reviewers of its environment. GitHub does that by itself. */
describeNeeding(['act', 'jq'], 'approve: plan, run by act', () => {
  it('plans as the reader, applies the plan of each hub that it changes, and asks nobody about the others', async () => {
    const hubs = await twoHubs();
    const [europe, asia] = hubs;
    const { folder, run, results } = await fleetOn(hubs);
    const before = { IOTHUB_CONNECTION_STRING: asia.connectionString, NODE_EXTRA_CA_CERTS: asia.caFile };
    const only = ['--hub', europe.host, '--only-hub', asia.host];
    expect((await runCli(['apply', 'devices.yaml', ...only], folder, before)).code).toBe(0);
    const first = await run(push());
    expect(first.jobs, first.trace).toEqual({
      ...{ refuse: 'skipped', plan: 'skipped', 'code-scanning': 'skipped' },
      ...{ hubs: 'success', propose: 'success', total: 'success', after: 'success' },
      [`apply ${europe.host}`]: 'success',
      [`bundles ${asia.host}`]: 'success',
    });
    expect(first.outputs.plan).toMatchObject({ result: 'changes', created: '1', unchanged: '1' });
    expect(first.log).toContain('told: changed, created 1, updated 0, unchanged 1, artifacts 2');
    expect(devicesIn(results().artifacts)).toEqual(ids);
    expect(europe.registry.all()).toHaveLength(1);

    const writes = [europe, asia].map((hub) => hub.counts().registryWrites);
    const second = await run(push());
    expect(second.jobs, second.trace).toMatchObject({
      ...{ propose: 'success', apply: 'skipped', total: 'success' },
      ...{ [`bundles ${europe.host}`]: 'success', [`bundles ${asia.host}`]: 'success' },
    });
    expect(second.log).toContain('told: unchanged, created 0, updated 0, unchanged 2, artifacts 2');
    expect([europe, asia].map((hub) => hub.counts().registryWrites)).toEqual(writes);
  });

  it('writes nothing where the hub or the branch has changed before the approval', async () => {
    const hub = await hubOf();
    const { folder, run } = await fleetOn([hub]);
    const changedHub = await run({
      ...push(),
      meanwhile: () => hub.registry.put({ deviceId: 'berlin-1', capabilities: { iotEdge: true }, status: 'disabled' }),
    });
    expect(changedHub.jobs, changedHub.trace).toMatchObject({ propose: 'success', [`apply ${hub.host}`]: 'failure' });
    expect(changedHub.outputs[`apply ${hub.host}`]).toMatchObject({ result: 'invalid' });
    expect(changedHub.annotations.map(({ title }) => title)).toContain('plan/differs-from-approved');
    hub.registry.remove('berlin-1');

    const server = join(folderWith(), 'server');
    git(folder, 'clone', '--quiet', folder, server);
    const changedBranch = await run({
      ...push(),
      env: serverAt(server),
      meanwhile: () => {
        writeFileSync(join(server, 'devices.yaml'), manifest([hub], 'disabled'));
        commit(server);
      },
    });
    const outdated = { ref: 'refs/heads/main', commit: headOf(folder) };
    const fault = githubFault('commit-outdated', { ...outdated, file: 'devices.yaml', newer: headOf(server) });
    expect(changedBranch.jobs, changedBranch.trace).toMatchObject({ [`apply ${hub.host}`]: 'failure' });
    expect(changedBranch.log).toContain(fault.message);
    expect(hub.counts().registryWrites).toBe(0);
    expect(hub.registry.all()).toEqual([]);
  });
});

const ids = ['berlin-1', 'tokyo-1'] as const;

/** A device in each hub; the first one is enabled or disabled. */
function manifest(hubs: readonly EmbeddedHub[], status = 'enabled'): string {
  const devices = hubs.map(({ host }, index) => {
    const device = `  - id: ${ids[index]}\n    hub: ${host}\n`;
    return index === 0 ? `${device}    status: ${status}\n` : device;
  });
  return manifestOf([], devices.join(''));
}

async function fleetOn(hubs: readonly EmbeddedHub[]): Promise<Scenario & { readonly folder: string }> {
  const folder = folderWith({
    'devices.yaml': manifest(hubs),
    '.github/workflows/provision.yml': workflow(hubs),
  });
  await writeCertificates(folder, ids.slice(0, hubs.length));
  commit(folder);
  const { run, ...rest } = await scenario({ folder, hubs });
  const strings = (policy: 'registryRead' | 'iothubowner') =>
    hubs.map(({ connectionStrings }) => connectionStrings[policy]).join('\n');
  const secrets = {
    GITHUB_TOKEN: githubToken,
    IOTHUB_READER_CONNECTION_STRING: strings('registryRead'),
    IOTHUB_CONNECTION_STRING: strings('iothubowner'),
  };
  return { ...rest, folder, run: (trigger) => run({ ...trigger, secrets }) };
}

/** A caller with these hubs, and a job that prints the outputs. */
function workflow(hubs: readonly EmbeddedHub[]): string {
  const secret = (name: string) => `${name}: \${{ secrets.${name} }}`;
  const output = (name: string) => `\${{ needs.provision.outputs.${name} }}`;
  return `
on: push
permissions: {}
jobs:
  provision:
    permissions:
      contents: read
    uses: OWNER/provision-iot-edge/.github/workflows/provision.yml@v1
    with:
      hub: |
${hubs.map(({ host }) => `        ${host}`).join('\n')}
      environment: production-{0}
      approve: plan
    secrets:
      ${secret('IOTHUB_READER_CONNECTION_STRING')}
      ${secret('IOTHUB_CONNECTION_STRING')}
  after:
    needs: provision
    runs-on: ubuntu-latest
    steps:
      - run: |
          ids=$(tr ',' '\\n' <<< "$ARTIFACT_IDS" | grep --count . || true)
          echo "told: $TOLD, artifacts $ids"
        env:
          TOLD: ${output('result')}, created ${output('created')}, updated ${output('updated')}, unchanged ${output('unchanged')}
          ARTIFACT_IDS: ${output('artifact-ids')}
`;
}

/** The devices of artifacts. With several hubs the name of an artifact has that of the hub before the device. */
function devicesIn(artifacts: readonly { readonly name: string }[]): readonly string[] {
  return bundlesIn(artifacts)
    .map(({ name }) => name.split('-').slice(-2).join('-'))
    .sort();
}

function headOf(folder: string): string {
  return git(folder, 'rev-parse', 'HEAD').trim();
}
