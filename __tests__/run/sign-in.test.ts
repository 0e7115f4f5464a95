import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/emulator/disk/authority.ts';
import { startHub } from '../../src/emulator/hub.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import type { Fault } from '../../src/model/fault.ts';
import { hubOf } from '../../src/model/hub-name.ts';
import type { Command } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import { runFault } from '../../src/run/faults.ts';
import { readSettings, type Settings } from '../../src/run/settings.ts';
import { applicationPrincipal, cliPrincipal, hostsOf, openSignIn, signingIn } from '../../src/run/sign-in.ts';
import { unread } from '../../src/run/unread.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { readCa, realWorld } from '../../src/run/world.ts';
import { endpoint } from '../hub/devices.ts';
import { clientId, idToken, startEntra, tenantId } from '../support/entra.ts';
import { faultIn, faultOf, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { refused } from './refused.ts';

const key = 'a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U=';
const connectionString = (host: string) => `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;
const contoso = endpoint('contoso.azure-devices.net');
const both = { 'client-id': clientId, 'tenant-id': tenantId };
const parts = { mask: () => expect.fail(), idToken: async () => expect.fail() };

/** How a run of these settings signs in; it asks a hub. */
async function signInOf(settings: Settings) {
  return (await readSettings(settings, { directory: '/srv' })).signIn;
}

describe('a run signs in', () => {
  it('by connection strings, and asks nobody yet', async () => {
    const signIn = await signInOf({ 'connection-string': connectionString(contoso) });
    const [credential, ...others] = await openSignIn(signIn, [contoso], parts);
    expect(credential).toEqual({ kind: 'sas', host: contoso, keyName: 'iothubowner', key });
    expect(others).toEqual([]);
    expect(hostsOf(signIn)).toEqual([contoso]);
  });

  it.each([
    ['by GitHub and Entra', both, applicationPrincipal(clientId)],
    ['by the session of the Azure CLI', { 'client-id': ' ', 'connection-string': '\n' }, cliPrincipal],
  ])('%s, and asks nobody yet', async (_, settings, principal) => {
    const signIn = await signInOf(settings);
    const [credential, ...others] = await openSignIn(signIn, [contoso], parts);
    expect(credential).toMatchObject({ kind: 'entra', host: contoso, principal });
    expect(others).toEqual([]);
    expect(hostsOf(signIn)).toEqual([]);
  });

  it.each([both, {}])('to every hub that is named, with one token for all: %j', async (settings) => {
    const hubs = [contoso, endpoint('fabrikam.azure-devices.net')];
    const credentials = await openSignIn(await signInOf(settings), hubs, parts);
    expect(credentials.map(({ host }) => host)).toEqual(hubs);
    const sources = credentials.map((credential) => (credential.kind === 'entra' ? credential.token : undefined));
    expect(sources[0]).toBeDefined();
    expect(new Set(sources).size).toBe(1);
    expect(await openSignIn(await signInOf(settings), [], parts)).toEqual([]);
  });

  it.each([both, { 'client-id': clientId }, { 'tenant-id': tenantId }])(
    'one way alone: connection strings and %j are refused',
    async (ids) => {
      const faults = await refused(signInOf({ ...ids, 'connection-string': connectionString(contoso) }));
      expect(faults.map(said)).toEqual([said(runFault('two-ways-to-sign-in', {}))]);
      expect(faults[0]?.kind).toBe('usage');
      expect(JSON.stringify(faults.map(said))).not.toContain(key);
    },
  );

  it('one way alone, and what is wrong with either is told too', async () => {
    const faults = await refused(signInOf({ 'client-id': 'fleet-writer', 'connection-string': 'HostName=a.b' }));
    expect(faults.map(said)).toEqual([
      said(runFault('client-id-malformed', {})),
      said(runFault('two-ways-to-sign-in', {})),
      said(faultIn(() => readConnectionStrings('HostName=a.b'))),
    ]);
  });

  it.each<[string, Settings, readonly Fault[]]>([
    ['without tenant-id', { 'client-id': clientId }, [runFault('id-missing', { missing: 'tenant-id' })]],
    ['without client-id', { 'tenant-id': tenantId }, [runFault('id-missing', { missing: 'client-id' })]],
    ['with a name for an application', { ...both, 'client-id': 'fleet-writer' }, [runFault('client-id-malformed', {})]],
    [
      'with a secret for an application',
      { ...both, 'client-id': 'Xy8Q~secret' },
      [runFault('client-id-malformed', {})],
    ],
    ['with a path for a tenant', { ...both, 'tenant-id': '../common' }, [runFault('tenant-id-malformed', {})]],
    [
      'with both wrong',
      { 'client-id': 'fleet-writer', 'tenant-id': '../common' },
      [runFault('client-id-malformed', {}), runFault('tenant-id-malformed', {})],
    ],
    [
      'with a secret alone',
      { 'client-id': 'Xy8Q~secret' },
      [runFault('id-missing', { missing: 'tenant-id' }), runFault('client-id-malformed', {})],
    ],
  ])('by GitHub not %s', async (_, settings, expected) => {
    const faults = await refused(signInOf(settings));
    expect(faults.map(said)).toEqual(expected.map(said));
    expect(faults[0]?.kind).toBe('usage');
    for (const { remedy } of faults) expect(remedy).toMatch(/az (account show|ad app list) /);
    expect(JSON.stringify(faults.map(said))).not.toMatch(/~secret|fleet-writer|common/);
  });

  it('by GitHub with wrong ids where no hub is asked: they are not judged', async () => {
    const wrong = { 'client-id': 'fleet-writer' };
    expect(await signInOf({ ...wrong, command: 'validate' })).toMatchObject({ way: 'github-oidc', tenantId: '' });
    const excused = { directory: '/srv', asksHub: () => false };
    expect((await readSettings({ ...wrong, command: 'plan' }, excused)).signIn.way).toBe('github-oidc');
  });

  it('by GitHub not outside of GitHub Actions', async () => {
    const fault = await faultOf(openSignIn(await signInOf(both), [contoso], { mask: () => {} }));
    expect(said(fault)).toEqual(said(runFault('no-id-token-here', {})));
    expect(fault.remedy).toContain('az login');
  });
});

describe('a hub without a connection string', () => {
  it('is refused where others have one, before any call: one way serves all', async () => {
    const host = connectionString('fabrikam.azure-devices.net');
    const credentials = await openSignIn(await signInOf({ 'connection-string': host }), [contoso], parts);
    const progress = { phase: () => expect.fail(), waiting: () => {}, warning: () => {}, written: () => {} };
    const world = realWorld({
      command: 'plan',
      workspace: openWorkspace(folderWith()),
      credentials,
      caFile: undefined,
      env: {},
      progress,
    });
    const fault = await faultOf(world.openRegistry(hubOf(contoso)));
    expect(said(fault)).toEqual(said(runFault('no-connection-string', { hub: 'contoso.azure-devices.net' })));
    expect(fault.remedy).toContain('contoso.azure-devices.net');
    expect(fault.kind).toBe('usage');
  });
});

describe('a certificate authority', () => {
  it('that cannot be read is wrong usage', () => {
    const root = folderWith();
    const expectRefusal = (path: string, why: string) => {
      expect(said(faultIn(() => readCa(path, root)))).toEqual(said(runFault('ca-file-unreadable', { why })));
    };
    expectRefusal(join(root, 'nowhere.pem'), unread.missing());
    expectRefusal(root, unread.notAFile('folder'));
    writeFileSync(join(root, 'large.pem'), '');
    truncateSync(join(root, 'large.pem'), 10 * 1024 * 1024 + 1);
    expectRefusal(join(root, 'large.pem'), unread.tooLarge(10 * 1024 * 1024 + 1, 10 * 1024 * 1024));
    expect(readCa(undefined, root)).toBeUndefined();
  });

  itNeeding(
    ['links and modes of POSIX'],
    'that is endless, or that a link of the repository names, is not read',
    () => {
      const root = folderWith();
      symlinkSync('/etc/hostname', join(root, 'ca.pem'));
      const link = said(runFault('ca-file-unreadable', { why: unread.link(unread.outside()) }));
      expect(said(faultIn(() => readCa(join(root, 'ca.pem'), root)))).toEqual(link);
      const device = said(runFault('ca-file-unreadable', { why: unread.notAFile('device') }));
      expect(said(faultIn(() => readCa('/dev/zero', root)))).toEqual(device);
    },
  );
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
      const { request, signIn, endpoints } = await readSettings(settings, { directory: root });
      const caFile = join(root, 'ca.pem');
      const credentials = await openSignIn(signIn, endpoints, {
        idToken: async (aud) => idToken({ aud }),
        mask: () => {},
        authorityHost: entra.url,
        ca: () => readCa(caFile, root),
      });
      const progress = {
        phase: (name: string) => void phases.push(name),
        waiting: () => {},
        warning: () => {},
        written: () => {},
      };
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
    const principal = applicationPrincipal(clientId);
    const credential = { kind: 'entra', host: endpoint(named.host), principal, token: async () => '' } as const;
    expect(phases[0]).toBe(signingIn('apply', credential, false));
    for (const role of ['IoT Hub Data Reader', 'IoT Hub Registry Contributor']) expect(phases[0]).toContain(role);
  });
});
