import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { HubCredential } from '../../src/hub/credential.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { History } from '../../src/model/history.ts';
import type { HubEndpoint } from '../../src/model/hub-name.ts';
import { commands, type Report } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import { readSettings, type Settings } from '../../src/run/settings.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { realWorld } from '../../src/run/world.ts';
import { serve, serveProxy } from '../hub/calls/loopback.ts';
import { deviceId, endpoint } from '../hub/devices.ts';
import { folderWith } from '../support/folder.ts';

const classic = 'contoso.azure-devices.net';
const device = 'contoso.device.azure-devices.net';
const service = 'contoso.service.azure-devices.net';
const key = (connectionString: string) => connectionString.replace(/^HostName=[^;]+;/, '');

let hub: EmbeddedHub;
beforeAll(async () => {
  hub = await startHub({ hosts: [endpoint(classic)] });
});
afterAll(() => hub.close());
beforeEach(() => {
  hub.reset();
  vi.stubEnv('NO_PROXY', '');
  vi.stubEnv('no_proxy', '');
});

type Way = 'connection string' | 'Entra';

/** What a workflow says that calls the hub by one of its names. */
function namedBy(way: Way, host: string): Settings {
  return way === 'Entra' ? { hub: host } : { 'connection-string': `HostName=${host};${key(hub.connectionString)}` };
}

/** What a run signs in with, as the doors make it. */
function signedIn(settings: Awaited<ReturnType<typeof readSettings>>): readonly HubCredential[] {
  if (settings.signIn.way === 'connection-strings') return settings.signIn.credentials;
  const principal = { name: 'the Entra application 1111', assignee: '1111' };
  return settings.endpoints.map((host) => ({ kind: 'entra', host, principal, token: async () => hub.mintToken() }));
}

async function run(folder: string, given: Settings, history?: History): Promise<Report> {
  const owned = { owner: 'github.com/octo/fleet', 'max-changes': '100%', ...given };
  const settings = await readSettings(owned, { directory: folder });
  const world = realWorld({
    command: settings.request.command,
    workspace: openWorkspace(folder, { checkIgnored: async () => new Set() }),
    credentials: signedIn(settings),
    caFile: hub.caFile,
    env: {},
    progress: { phase: () => {}, waiting: () => {}, warning: () => {}, written: () => {} },
    ...(history === undefined ? {} : { openHistory: async () => history }),
  });
  return provision(settings.request, world);
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
/** A manifest of devices with a certificate each in its secondary slot, which is another in each `state`. */
function manifest(named: string | undefined, ids: readonly string[], state: string): string {
  const devices = ids.map((id) => ({
    id,
    thumbprints: { primary: digest(id), secondary: digest(`${id} ${state}`) },
    runtime: { version: '1.6', platform: 'debian' },
  }));
  return JSON.stringify({ version: 1, ...(named === undefined ? {} : { hub: named }), devices });
}

const changesOf = ({ changes }: Report) => changes.map(({ id, kind, hub: of }) => [id, kind, of]);
const bundlesOf = ({ bundles }: Report) => bundles.map(({ directory, artifact }) => [directory, artifact]);
const severe = ({ findings }: Report) =>
  findings.filter(({ severity }) => severity !== 'notice').map(({ rule }) => rule);

/** A branch whose manifest was `before` and is `now`. */
function historyOf(before: string, now: string): History {
  const version = (blob: string, from: number, until: number) => ({ path: 'devices.json', blob, from, until });
  return {
    versionsOf: async () => [version('1', 0, 1), version('2', 1, Number.POSITIVE_INFINITY)],
    read: async (versions) => versions.map(({ blob }) => Buffer.from(blob === '1' ? before : now)),
  };
}

describe('one hub with three host names', () => {
  const called = [classic, device, service];
  const named = [classic, device, service, undefined];

  it.each<{ readonly way: Way; readonly called: string; readonly named: string | undefined }>([
    ...called.flatMap((one) =>
      named.map((other) => ({ way: 'connection string', called: one, named: other }) as const),
    ),
    ...called.map((one) => ({ way: 'Entra', called: one, named: device }) as const),
    {
      way: 'connection string',
      called: 'Contoso.Service.Azure-Devices.net',
      named: 'CONTOSO.Device.azure-devices.net',
    },
  ])('$way to $called, manifest with $named', async ({ way, called, named }) => {
    const proxy = await serveProxy(200, { leadsTo: `localhost:${hub.port}` });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const warned = named === service ? ['hub/service-name'] : [];
    const before = manifest(classic, ['a', 'b'], 'old');
    const folder = folderWith({ 'devices.json': before });
    const common = { ...namedBy(way, called), manifest: 'devices.json' };
    const first = await run(folder, { ...common, command: 'apply' });
    expect(first.outcomes).toMatchObject([
      { device: 'a', hub: classic, result: 'created' },
      { device: 'b', hub: classic, result: 'created' },
    ]);

    // Another name, another certificate, one device fewer.
    const now = manifest(named, ['a'], 'new');
    writeFileSync(join(folder, 'devices.json'), now);
    const history = historyOf(before, now);
    const pruning = { ...common, prune: 'disable', 'plan-file': 'plan.json' };
    const planned = await run(folder, { ...pruning, command: 'plan' }, history);
    expect(severe(planned)).toEqual(warned);
    expect(changesOf(planned)).toEqual([
      ['a', 'update', classic],
      ['b', 'disable', classic],
    ]);
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')).hubs).toMatchObject([{ hub: classic }]);

    const applied = await run(folder, { ...pruning, command: 'apply', 'only-hub': device }, history);
    expect(severe(applied)).toEqual(warned);
    expect(applied.outcomes).toMatchObject([
      { device: 'a', hub: classic, result: 'updated' },
      { device: 'b', hub: classic, result: 'removed' },
    ]);
    expect(bundlesOf(applied)).toEqual([['a', 'iot-edge-a']]);
    const verified = await run(folder, { ...common, prune: 'disable', command: 'verify' }, history);
    expect(verified.result).toBe('in-sync');

    const { listed } = await run(folder, { ...common, command: 'list', 'only-hub': classic });
    expect(listed.map(({ device: { id }, hub: of, managed }) => [id, of, managed]).sort()).toEqual([
      ['a', classic, true],
      ['b', classic, false],
    ]);

    expect(bundlesOf(await run(folder, { ...common, command: 'render' }))).toEqual([['a', 'iot-edge-a']]);
    const config = parse(readFileSync(join(folder, 'device-bundles/a/config.toml'), 'utf8'));
    const expected = named?.toLowerCase() === device ? device : classic;
    expect(config.provisioning).toMatchObject({ iothub_hostname: expected });

    expect(new Set(proxy.asked.map(({ target }) => target))).toEqual(new Set([`${called.toLowerCase()}:443`]));
  });
});

it.each([classic, device, service])('a token for %s is signed for that name', async (called) => {
  const authority = await makeAuthority(new Date(), [classic, device, service]);
  const seen: string[] = [];
  const { host } = await serve(authority, (request, response) => {
    const [, resource = ''] = /\bsr=([^&]+)/.exec(request.headers.authorization ?? '') ?? [];
    seen.push(decodeURIComponent(resource), request.headers.host ?? '');
    response.writeHead(404).end('{}');
  });
  const proxy = await serveProxy(200, { leadsTo: host });
  const credential = { kind: 'sas', host: endpoint(called), keyName: 'iothubowner', key: 'a2V5' } as const;
  const registry = await openRegistry(credential, { userAgent: 'test', ca: authority.ca, proxyFor: () => proxy.url });
  await registry.readOne(deviceId('a')).catch(() => {});
  registry.close();
  expect(registry.host).toBe(classic);
  expect(seen).toEqual([called, called]);
});

it('a workflow that gives several names of one hub has one hub, and calls the first, or that of its connection string', async () => {
  const read = (settings: Settings) => readSettings(settings, { directory: folderWith() });
  const three = await read({ hub: `${service}\n${classic}\nother.azure-devices.net\n${device}` });
  expect(three.request.hubs).toEqual([classic, 'other.azure-devices.net']);
  expect(three.endpoints).toEqual([service, 'other.azure-devices.net']);
  const both = await read({ hub: service, ...namedBy('connection string', device) });
  expect(both.request.hubs).toEqual([classic]);
  const expected: readonly HubEndpoint[] = [endpoint(device)];
  expect(both.endpoints).toEqual(expected);
});

it('a plan of a version that took two names for two hubs is read as a plan of one', async () => {
  const proxy = await serveProxy(200, { leadsTo: `localhost:${hub.port}` });
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  const folder = folderWith({ 'devices.json': manifest(device, ['a', 'b'], 'old') });
  const common = { ...namedBy('connection string', classic), manifest: 'devices.json', 'plan-file': 'plan.json' };
  await run(folder, { ...common, command: 'plan' });
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
  const [a, b] = plan.hubs[0].changes;
  const old = [
    { hub: device, changes: [a] },
    { hub: service, changes: [b] },
  ];
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...plan, hubs: old }));
  expect((await run(folder, { ...common, command: 'apply', artifacts: 'none' })).result).toBe('changed');
});

it.each(commands)('a name without its domain is refused: %s', async (command) => {
  const folder = folderWith({ 'devices.json': manifest('contoso', ['edge-1'], 'a') });
  const { requests } = hub.counts();
  const report = await run(folder, { command, manifest: 'devices.json', ...namedBy('Entra', classic) });
  expect([report.result, severe(report)]).toEqual(['invalid', ['hub/no-domain']]);
  expect(hub.counts().requests).toBe(requests);
});
