import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../src/emulator/disk/authority.ts';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';
import { issueCertificates } from '../../src/identity/issue.ts';
import { headlines } from '../../src/report/headline.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { commit } from '../support/act.ts';
import { clientId, type GitHubTokens, startEntra, startGitHubTokens, tenantId } from '../support/entra.ts';
import { folderWith } from '../support/folder.ts';
import { githubToken } from '../support/github-api.ts';
import { describeNeeding, itNeeding } from '../support/needing.ts';
import { bundlesIn } from '../support/results-service.ts';
import { hubOf, pullRequest, push, repository, scenario, schedule, twoHubs } from '../support/scenario.ts';
import { runCli } from './runner.ts';

const created = (devices: number) => headlines.changes({ create: devices });

const registryPassword = 'a-password-of-a-registry';

describeNeeding(['act', 'jq'], 'the examples, copied and run by act', () => {
  it('single-site: a pull request is planned, a merge registers the devices and uploads what they need', async () => {
    const { hub, run, github, results } = await singleSite();
    const planned = await run(pullRequest());
    expect(planned.code, planned.trace).toBe(0);
    expect(github.commentsOn(7)).toEqual([expect.stringContaining(escapeMarkdown(created(3)))]);
    const merged = await run(push());
    expect(merged.code, merged.trace).toBe(0);
    expect(
      hub.registry
        .all()
        .map(({ deviceId, status }) => `${deviceId} ${status}`)
        .sort(),
    ).toEqual(['oven-1 disabled', 'press-1 enabled', 'press-2 enabled']);
    expect(bundlesIn(results().artifacts)).toHaveLength(3);
    const bundle = await results().files('iot-edge-press-1');
    expect(bundle['config.toml']).toContain('press-1.plant.example');
    expect(Object.values(bundle).join()).toContain('IOTEDGE_REGISTRY_PASSWORD');
  });

  it('single-site: pull requests have the secret of the reader alone, merges that of the writer', async () => {
    const { hub, run } = await singleSite();
    const only = (name: string) => ({ GITHUB_TOKEN: githubToken, [name]: hub.connectionString });
    const reader = only('IOTHUB_READER_CONNECTION_STRING');
    const writer = only('IOTHUB_CONNECTION_STRING');
    expect((await run({ ...pullRequest(), secrets: writer })).outputs.plan).toMatchObject({ result: 'failed' });
    expect((await run({ ...pullRequest(), secrets: reader })).outputs.plan).toMatchObject({ result: 'changes' });
    expect((await run({ ...push(), secrets: reader })).outputs.apply).toMatchObject({ result: 'failed' });
    expect(hub.counts().registryWrites).toBe(0);
  });

  it('single-site: a pull request for another branch is planned without what is gone', async () => {
    const { run } = await singleSite();
    const { code, outputs, trace } = await run(pullRequest('pull_request', 'octo/fleet', 'release'));
    expect(code, trace).toBe(0);
    expect(outputs.plan).toMatchObject({ result: 'changes', created: '3' });
  });

  it('single-site: a device that leaves the manifest is disabled, and nothing else', async () => {
    const { folder, hub, run } = await singleSite();
    await run(push());
    hub.registry.put({ deviceId: 'of-somebody-else', capabilities: { iotEdge: true }, status: 'enabled' });
    const manifest = join(folder, 'devices.yaml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('  - id: press-2\n', ''));
    commit(folder);
    const { code, trace } = await run(push());
    expect(code, trace).toBe(0);
    const status = (id: string) => hub.registry.all().find(({ deviceId }) => deviceId === id)?.status;
    expect(['press-1', 'press-2', 'of-somebody-else'].map(status)).toEqual(['enabled', 'disabled', 'enabled']);
  });

  it('two-hubs: plans as the reader, applies each hub in a job of its own as the writer, with no secret', async () => {
    const hubs = await twoHubs();
    const [europe, asia] = hubs;
    const hosts = { 'contoso-europe.azure-devices.net': europe.host, 'contoso-asia.azure-devices.net': asia.host };
    const folder = await copyOf('two-hubs', hosts, ['berlin-1', 'berlin-2', 'tokyo-1', 'tokyo-2']);
    const authority = await makeAuthority(new Date());
    const ca = join(folderWith({ 'ca.pem': europe.ca + authority.ca }), 'ca.pem');
    const minted: string[] = [];
    const issuers: GitHubTokens[] = [];
    const signIn = async (...roles: readonly ('IoT Hub Data Reader' | 'IoT Hub Registry Contributor')[]) => {
      const token = () => {
        minted.push(europe.mintToken({ roles }));
        return { token: minted.at(-1)!, seconds: 3600 };
      };
      const [entra, github] = await Promise.all([startEntra({ authority, token }), startGitHubTokens()]);
      issuers.push(github);
      return { ...github.env, AZURE_AUTHORITY_HOST: entra.url, NODE_EXTRA_CA_CERTS: ca };
    };
    const { run, github } = await scenario({
      folder,
      hubs,
      secrets: () => [...minted, ...issuers.flatMap(({ issued }) => issued)],
    });
    const nobody = '00000000-0000-0000-0000-000000000000';
    const vars = { AZURE_TENANT_ID: tenantId, IOTHUB_READER_CLIENT_ID: nobody, IOTHUB_WRITER_CLIENT_ID: nobody };

    const reading = { env: await signIn('IoT Hub Data Reader'), secrets: { GITHUB_TOKEN: githubToken } };
    const planned = await run({ ...pullRequest(), ...reading, vars: { ...vars, IOTHUB_READER_CLIENT_ID: clientId } });
    expect(planned.code, planned.trace).toBe(0);
    expect(planned.outputs.plan).toMatchObject({ result: 'changes', created: '4' });
    expect(github.commentsOn(7)).toEqual([expect.stringContaining(escapeMarkdown(created(4)))]);

    const env = await signIn('IoT Hub Data Reader', 'IoT Hub Registry Contributor');
    const writing = {
      env,
      secrets: { GITHUB_TOKEN: githubToken },
      vars: { ...vars, IOTHUB_WRITER_CLIENT_ID: clientId },
    };
    const merged = await run({ ...push(), ...writing, env });
    const apply = (hub: EmbeddedHub) => `apply ${hub.host}`;
    expect(merged.jobs, merged.trace).toMatchObject({ [apply(europe)]: 'success', [apply(asia)]: 'success' });
    expect(merged.outputs[apply(europe)]).toMatchObject({ result: 'changed', created: '2' });
    expect(idsIn(europe)).toEqual(['berlin-1', 'berlin-2']);
    expect(idsIn(asia)).toEqual(['tokyo-1', 'tokyo-2']);
    expect(minted.length).toBeGreaterThanOrEqual(3);
  });

  it('two-hubs: what stops one hub stops not the other', async () => {
    const hubs = await twoHubs();
    const [europe, asia] = hubs;
    const hosts = { 'contoso-europe.azure-devices.net': europe.host, 'contoso-asia.azure-devices.net': asia.host };
    const folder = await copyOf('two-hubs', hosts, ['berlin-1', 'berlin-2', 'tokyo-1', 'tokyo-2']);
    // A device with this id exists already and is not an edge device.
    asia.registry.put({ deviceId: 'tokyo-1', authentication: { type: 'selfSigned' } });
    // Sign in by connection strings, as a repository does before it moves to Entra.
    const workflow = join(folder, '.github/workflows/provision.yml');
    const secrets = '    secrets:\n      IOTHUB_CONNECTION_STRING: $' + '{{ secrets.IOTHUB_CONNECTION_STRING }}\n';
    writeFileSync(
      workflow,
      readFileSync(workflow, 'utf8').replace(/^ +(tenant|client|plan-client)-id:.*\n/gm, '') + secrets,
    );
    commit(folder);
    const { run } = await scenario({ folder, hubs });
    const { code, outputs, trace } = await run(push());
    // act gives every job of a matrix the worst result among them.
    expect(outputs[`apply ${europe.host}`], trace).toMatchObject({ result: 'changed', created: '2' });
    expect(outputs[`apply ${asia.host}`], trace).toMatchObject({ result: 'invalid' });
    expect(code).toBe(1);
    expect(idsIn(europe)).toEqual(['berlin-1', 'berlin-2']);
    expect(idsIn(asia)).toEqual(['tokyo-1']);
  });

  itNeeding(
    ['gh'],
    'release-publishing: a release gets an archive for each device, the same bytes each time',
    async () => {
      const folder = await copyOf('release-publishing', {}, ['pump-1', 'pump-2']);
      const authority = await makeAuthority(new Date());
      const { run, github } = await scenario({ folder, hubs: [], github: { releases: ['v1.0.0'], authority } });
      const env = {
        GH_HOST: new URL(github.url).host,
        GH_ENTERPRISE_TOKEN: githubToken,
        SSL_CERT_FILE: join(folderWith({ 'ca.pem': authority.ca }), 'ca.pem'),
      };
      const release = { action: 'published', repository, release: { tag_name: 'v1.0.0' } };
      const publish = async () => {
        const { code, log, trace } = await run({
          event: 'release',
          payload: release,
          env,
          actions: { [attest]: attesting() },
        });
        expect(code, trace).toBe(0);
        expect(log).toMatch(/pump-1\.tar\.gz: OK[\s\S]*attested/);
        return new Map(github.releases.get('v1.0.0'));
      };
      const first = await publish();
      expect([...first.keys()].sort()).toEqual(['SHA256SUMS', 'index.json', 'pump-1.tar.gz', 'pump-2.tar.gz']);
      const unpacked = folderWith({ 'pump-1.tar.gz': first.get('pump-1.tar.gz')! });
      execFileSync('tar', ['-xzf', 'pump-1.tar.gz'], { cwd: unpacked });
      expect(readFileSync(join(unpacked, 'pump-1/config.toml'), 'utf8')).toContain('pump-1.field.example');
      const second = await publish();
      for (const [name, bytes] of first) expect(second.get(name)?.equals(bytes), name).toBe(true);
    },
  );

  it('release-publishing: the watch opens an issue when the hub drifts, and closes it when all is well', async () => {
    const hub = await hubOf();
    const folder = await copyOf('release-publishing', { 'contoso.azure-devices.net': hub.host }, ['pump-1', 'pump-2']);
    const { run, github } = await scenario({ folder, hubs: [hub] });
    const drifted = await run(schedule);
    expect(drifted.jobs, drifted.trace).toEqual({ watch: 'failure' });
    expect(drifted.outputs.verify).toMatchObject({ result: 'drift' });
    expect(github.issues).toMatchObject([
      { state: 'open', title: 'IoT Edge fleet needs care', body: expect.stringContaining('pump&#45;1') },
    ]);
    const env = { IOTHUB_CONNECTION_STRING: hub.connectionString, NODE_EXTRA_CA_CERTS: hub.caFile };
    expect((await runCli(['apply', 'devices.csv'], folder, env)).code).toBe(0);
    const well = await run(schedule);
    expect(well.jobs, well.trace).toEqual({ watch: 'success' });
    expect(github.issues).toMatchObject([{ state: 'closed' }]);
  });
});

describe('the examples', () => {
  it('are all run above', () => {
    const tests = readFileSync('__tests__/e2e/workflow-examples.test.ts', 'utf8');
    for (const name of readdirSync('examples')) expect(tests).toContain(`('${name}: `);
  });
});

async function singleSite() {
  const hub = await hubOf();
  const folder = await copyOf('single-site', { 'contoso.azure-devices.net': hub.host }, [
    'press-1',
    'press-2',
    'oven-1',
  ]);
  const { run, ...rest } = await scenario({ folder, hubs: [hub], secrets: () => [registryPassword] });
  const env = { IOTEDGE_REGISTRY_PASSWORD: registryPassword };
  return { ...rest, hub, folder, run: (trigger: Parameters<typeof run>[0]) => run({ ...trigger, env }) };
}

/** Copies an example as its README describes, and replaces the hosts. */
async function copyOf(name: string, hosts: Readonly<Record<string, string>>, ids: readonly string[]): Promise<string> {
  const folder = folderWith();
  cpSync(join('examples', name), folder, { recursive: true });
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(ya?ml|csv)$/.test(file),
  )) {
    const path = join(folder, file);
    const text = Object.entries(hosts).reduce(
      (before, [from, to]) => before.replaceAll(from, to),
      readFileSync(path, 'utf8'),
    );
    writeFileSync(path, text);
  }
  await issueCertificates({
    ids,
    certificatesDirectory: join(folder, 'certs'),
    keysDirectory: join(folder, 'device-keys'),
    keyType: 'ec',
    now: new Date(),
  });
  commit(folder);
  return folder;
}

function idsIn(hub: EmbeddedHub): readonly string[] {
  return hub.registry
    .all()
    .map(({ deviceId }) => deviceId)
    .sort();
}

/** The third-party action that the release uses, with its pinned commit. */
const attest = /uses: (actions\/attest-build-provenance@[0-9a-f]{40})/.exec(
  readFileSync('.github/workflows/release-configs.yml', 'utf8'),
)![1]!;

/** Replaces that action, because Sigstore cannot be reached here. It checks the files that would be signed. */
function attesting(): string {
  return folderWith({
    'action.yml':
      `
name: Attest
description: Checks the checksums.
inputs: { subject-checksums: { description: A file, required: true } }
runs:
  using: composite
  steps:
    - shell: bash
      env: { CHECKSUMS: '$` +
      `{{ inputs.subject-checksums }}' }
      run: cd "$(dirname "$CHECKSUMS")" && sha256sum --check SHA256SUMS && echo attested
`,
  });
}
