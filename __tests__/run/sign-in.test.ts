import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/emulator/disk/authority.ts';
import { startHub } from '../../src/emulator/hub.ts';
import type { Command } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import { readRequest } from '../../src/run/settings.ts';
import { describedSignIn, hostsOf, openSignIn, readSignIn } from '../../src/run/sign-in.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { readCa, realWorld } from '../../src/run/world.ts';
import { hubHost } from '../hub/devices.ts';
import { clientId, idToken, startEntra, tenantId } from '../support/entra.ts';
import { faultOf } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';

const key = 'a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U=';
const connectionString = (host: string) => `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;
const contoso = hubHost('contoso.azure-devices.net');
const both = { 'client-id': clientId, 'tenant-id': tenantId };
const parts = { mask: () => expect.fail(), idToken: async () => expect.fail() };

describe('a run signs in', () => {
  it.each([
    [
      'by connection strings',
      { 'connection-string': connectionString(contoso) },
      'by the shared access policy iothubowner',
    ],
    ['by GitHub and Entra', both, `as the Entra application ${clientId}, by GitHub's OIDC`],
    [
      'by the session of the Azure CLI',
      { 'client-id': ' ', 'connection-string': '\n' },
      'as the account that the Azure CLI is signed in with',
    ],
  ])('%s, and says so; asks nobody yet', async (_, settings, words) => {
    const signIn = await readSignIn(settings);
    const credentials = await openSignIn(signIn, [contoso], parts);
    expect(credentials.map(({ host }) => host)).toEqual([contoso]);
    expect(credentials.map(describedSignIn)).toEqual([words]);
    expect(hostsOf(signIn)).toEqual(signIn.way === 'connection-strings' ? [contoso] : []);
  });

  it.each([both, {}])('to every hub that is named, with one token for all: %j', async (settings) => {
    const hubs = [contoso, hubHost('fabrikam.azure-devices.net')];
    const credentials = await openSignIn(await readSignIn(settings), hubs, parts);
    expect(credentials.map(({ host }) => host)).toEqual(hubs);
    const sources = credentials.map((credential) => (credential.kind === 'entra' ? credential.token : undefined));
    expect(sources[0]).toBeDefined();
    expect(new Set(sources).size).toBe(1);
    expect(await openSignIn(await readSignIn(settings), [], parts)).toEqual([]);
  });

  it.each([both, { 'client-id': clientId }, { 'tenant-id': tenantId }])(
    'one way alone: connection strings and %j are refused',
    async (ids) => {
      const fault = await faultOf(readSignIn({ ...ids, 'connection-string': connectionString(contoso) }));
      expect(fault.message).toBe('there are two ways to sign in: connection-string, and client-id with tenant-id');
      expect(fault.kind).toBe('usage');
      expect(`${fault.message}${fault.remedy}`).not.toContain(key);
    },
  );

  it.each([
    ['without tenant-id', { 'client-id': clientId }, 'client-id is given without tenant-id', 'az account show'],
    ['without client-id', { 'tenant-id': tenantId }, 'tenant-id is given without client-id', 'az ad app list'],
    [
      'with a name for an application',
      { ...both, 'client-id': 'fleet-writer' },
      'client-id is not the id',
      'az ad app list',
    ],
    [
      'with a secret for an application',
      { ...both, 'client-id': 'Xy8Q~secret' },
      'client-id is not the id',
      'az ad app',
    ],
    ['with a path for a tenant', { ...both, 'tenant-id': '../common' }, 'tenant-id is neither', 'az account show'],
  ])('by GitHub not %s', async (_, settings, words, remedy) => {
    const fault = await faultOf(openSignIn(await readSignIn(settings), [contoso], parts));
    expect(fault.message).toContain(words);
    expect(fault.remedy).toContain(remedy);
    expect(fault.kind).toBe('usage');
    expect(`${fault.message}${fault.remedy}`).not.toMatch(/~secret|fleet-writer|common/);
  });

  it('by GitHub not outside of GitHub Actions', async () => {
    const fault = await faultOf(openSignIn(await readSignIn(both), [contoso], { mask: () => {} }));
    expect(fault.remedy).toContain('az login');
  });
});

describe('a hub without a connection string', () => {
  it('is refused where others have one, before any call: one way serves all', async () => {
    const host = connectionString('fabrikam.azure-devices.net');
    const credentials = await openSignIn(await readSignIn({ 'connection-string': host }), [contoso], parts);
    const progress = { phase: () => expect.fail(), warning: () => {}, written: () => {} };
    const world = realWorld({
      command: 'plan',
      workspace: openWorkspace(folderWith()),
      credentials,
      caFile: undefined,
      env: {},
      progress,
    });
    const fault = await faultOf(world.openRegistry(contoso));
    expect(fault.message).toBe('there is no connection string for contoso.azure-devices.net');
    expect(fault.remedy).toContain('One way of signing in serves all hubs of a run');
    expect(fault.kind).toBe('usage');
  });
});

describe('a token', () => {
  const device = (id: string, host: string) => `  - id: ${id}
    hub: ${host}
    runtime: { version: "1.1", platform: debian }
    thumbprints: { primary: ${'A'.repeat(40)}, secondary: ${'B'.repeat(40)} }
`;

  /** Two hubs of one tenant, which take the same tokens as far as Entra goes; the workflow names the first. */
  async function world() {
    const [named, stranger, authority] = await Promise.all([startHub(), startHub(), makeAuthority(new Date())]);
    onTestFinished(async () => void (await Promise.all([named.close(), stranger.close()])));
    const entra = await startEntra({ authority, token: () => ({ token: named.mintToken(), seconds: 3600 }) });
    const phases: string[] = [];
    const run = async (command: Command, manifest: string) => {
      const root = folderWith({ 'devices.yaml': manifest, 'ca.pem': `${named.ca}${stranger.ca}${authority.ca}` });
      const settings = { ...both, command, hub: named.host, artifacts: 'none' };
      const signIn = await readSignIn(settings);
      const context = { directory: root, credentialHubs: hostsOf(signIn), findings: [] };
      const request = readRequest(settings, context);
      const caFile = join(root, 'ca.pem');
      const credentials = await openSignIn(signIn, request.hubs, {
        idToken: async (aud) => idToken({ aud }),
        mask: () => {},
        authorityHost: entra.url,
        ca: () => readCa(caFile),
      });
      const progress = { phase: (name: string) => void phases.push(name), warning: () => {}, written: () => {} };
      return provision(
        request,
        realWorld({ command, workspace: openWorkspace(root), credentials, caFile, env: {}, progress }),
      );
    };
    return { named, stranger, entra, run, phases };
  }

  it.each<Command>(['plan', 'apply', 'verify'])('goes to no hub that the manifest alone names: %s', async (command) => {
    const { named, stranger, entra, run } = await world();
    const manifest = `version: 1\ndevices:\n${device('edge-1', named.host)}${device('edge-2', stranger.host)}`;
    const { result, findings } = await run(command, manifest);
    expect(result).toBe('invalid');
    expect(findings.map(({ rule }) => rule)).toContain('hub/not-allowed');
    expect(entra.asked).toEqual([]);
    expect([named.counts().requests, stranger.counts().requests]).toEqual([0, 0]);
  });

  it('goes to the hub that the workflow names, and people are told who signs in', async () => {
    const { named, entra, run, phases } = await world();
    const report = await run('apply', `version: 1\ndevices:\n${device('edge-1', named.host)}`);
    expect(report.faults).toEqual([]);
    expect(report.result).toBe('changed');
    expect(named.registry.all().map(({ deviceId }) => deviceId)).toEqual(['edge-1']);
    expect(entra.exchanged).toHaveLength(1);
    expect(phases[0]).toBe(
      `signing in to ${named.host} as the Entra application ${clientId}, by GitHub's OIDC; apply needs the roles IoT Hub Data Reader and IoT Hub Registry Contributor, for tags IoT Hub Twin Contributor as well`,
    );
  });
});
