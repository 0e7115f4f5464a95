import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { callFault } from '../../src/hub/calls/faults.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { tagsUnread } from '../../src/hub/fleet-reader.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { DeviceId } from '../../src/model/fleet.ts';
import type { Registry } from '../../src/model/registry.ts';
import { ours, twinOf } from '../plan/devices.ts';
import { faultOf, said } from '../support/fault.ts';
import { serve } from './calls/loopback.ts';
import { create, deviceId, endpoint } from './devices.ts';

let hub: EmbeddedHub;
let authority: Authority;
let disturb: Disturb | undefined;

beforeAll(async () => {
  [hub, authority] = await Promise.all([startHub({ disturb: (call) => disturb?.(call) }), makeAuthority(new Date())]);
});
afterAll(() => hub.close());
beforeEach(() => {
  disturb = undefined;
  hub.reset();
});

async function open(
  connectionString = hub.connectionString,
  ca = hub.ca,
  tell?: (text: string) => void,
): Promise<Registry> {
  const [credential] = readConnectionStrings(connectionString);
  const registry = await openRegistry(credential!, { userAgent: 'test', ca, tell, sleep: async () => {} });
  onTestFinished(() => registry.close());
  return registry;
}

async function answering(answer: RequestListener) {
  const { host } = await serve(authority, answer);
  return { host, registry: await open(hub.connectionString.replace(hub.host, host), authority.ca) };
}

const a = deviceId('a');
const ids = (count: number): readonly DeviceId[] => Array.from({ length: count }, (_, n) => deviceId(`edge-${n}`));

async function seeded(...names: readonly DeviceId[]): Promise<Registry> {
  const registry = await open();
  await registry.write(names.map((id) => create(id)));
  for (const id of names) hub.registry.patchTwin(id, { tags: { name: id } });
  return registry;
}

describe('tags are read', () => {
  it.each([
    ['few', ids(2), 4],
    ['with a quote in their ids', [...ids(11), deviceId("o'hara")], 2],
    ['many', ids(30), 2],
  ])('of %s, where they are asked for', async (_, names, calls) => {
    const registry = await seeded(...names);
    const before = hub.counts().requests;
    const found = await registry.read(names, { tags: 'all' });
    expect(hub.counts().requests - before).toBe(calls);
    expect([...found.values()].map(({ id, twin }) => [id, twin?.tags]).sort()).toEqual(
      names.map((id) => [id, { name: id }]).sort(),
    );
    const without = await registry.read(names);
    expect([...without.values()].filter(({ twin }) => twin !== undefined)).toEqual([]);
  });

  it.each([
    ['few, by one query more', ids(3), 4],
    ['few with a quote in their ids, each by one call', [deviceId("o'hara"), ...ids(2)], 5],
    ['many, by the query that reads them', ids(30), 2],
  ])('of those of %s: all tags of a marked device, of others only who owns them', async (_, names, calls) => {
    const registry = await seeded(...names, deviceId('stranger'));
    for (const id of [names[0]!, 'stranger']) hub.registry.patchTwin(id, { tags: { provisionIotEdge: ['name'] } });
    hub.registry.patchTwin(names[1]!, { tags: twinOf(ours).tags });
    const before = hub.counts().requests;
    const found = await registry.read(names, { tags: 'marked' });
    expect(hub.counts().requests - before).toBe(calls);
    expect(found.size).toBe(names.length);
    for (const id of names) {
      const { tags, etag } = (await registry.readTwin(id))!;
      const expected = id === names[0] ? tags : id === names[1] ? twinOf(ours).tags : {};
      expect(found.get(id)?.twin, id).toEqual({ etag, tags: expected });
    }
  });

  it('of a device that the query does not show yet by itself, so that it does not look as if nobody owned it', async () => {
    const registry = await seeded(a);
    hub.registry.patchTwin('a', { tags: twinOf(ours).tags });
    disturb = ({ path }) => (path.startsWith('/devices/query') ? { kind: 'answer', status: 200, body: [] } : undefined);
    const found = await registry.read([a], { tags: 'marked' });
    expect(found.get(a)?.twin?.tags).toEqual(twinOf(ours).tags);
  });

  it('of none that bear the mark where the policy may not query, and the run goes on and says so', async () => {
    await seeded(a);
    hub.registry.patchTwin('a', { tags: { provisionIotEdge: ['name'] } });
    const told: string[] = [];
    const registry = await open(hub.connectionStrings.registryRead, hub.ca, (text) => told.push(text));
    const found = await registry.read([a], { tags: 'marked' });
    expect([...found.values()].map(({ id, twin }) => [id, twin])).toEqual([['a', undefined]]);
    expect(told).toEqual([tagsUnread(endpoint(hub.host))]);
    // No device was found, so the tags are not queried.
    await registry.read([deviceId('absent')], { tags: 'marked' });
    expect(told).toHaveLength(1);
  });

  it('of those that bear the mark, or the fault is told that no right explains', async () => {
    const registry = await seeded(a);
    disturb = ({ path }) =>
      path.startsWith('/devices/query') ? { kind: 'refuse', code: 'ServiceUnavailable', text: 'not now' } : undefined;
    expect(said(await faultOf(registry.read([a], { tags: 'marked' })))).toEqual(
      said(callFault('hub-busy', { host: hub.host, answer: '503, ServiceUnavailable, not now' })),
    );
  });

  it('of one device, with the etag that a patch needs', async () => {
    const registry = await seeded(a);
    const twin = await registry.readTwin(a);
    expect(twin?.tags).toEqual({ name: 'a' });
    expect(await registry.patchTags(a, { site: { x: 1 }, name: null }, twin!.etag)).toEqual({
      id: 'a',
      answer: 'applied',
    });
    expect((await registry.readTwin(a))?.tags).toEqual({ site: { x: 1 } });
  });

  it('of a device that is not there: nothing', async () => {
    expect(await (await open()).readTwin(a)).toBeUndefined();
  });

  it('and a device that is gone between its two calls is not there', async () => {
    const registry = await seeded(a);
    disturb = ({ path }) => {
      if (path.startsWith('/twins')) hub.registry.remove('a');
      return undefined;
    };
    expect((await registry.read([a], { tags: 'all' })).size).toBe(0);
  });
});

describe('tags are written', () => {
  it('with a new device, and never by an update', async () => {
    const registry = await open();
    const { registration } = create('a');
    await registry.write([{ mode: 'create', registration: { ...registration, tags: { site: 'berlin' } } }]);
    const [found] = [...(await registry.read([a], { tags: 'all' })).values()];
    expect(found?.twin?.tags).toEqual({ site: 'berlin' });
    await registry.write([
      { mode: 'update', etag: found!.etag, registration: { ...found!, ...registration, tags: { site: 'bonn' } } },
    ]);
    expect((await registry.readTwin(a))?.tags).toEqual({ site: 'berlin' });
  });

  it.each([
    ['of an older etag', 'AAAAAAAAAAk=', { name: 'b' }, { answer: 'refused', code: 'changed' }],
    ['that the hub does not take', undefined, { 'a b': 1 }, { answer: 'refused', code: 'other' }],
  ])('%s: refused', async (_, etag, patch, answer) => {
    const registry = await seeded(a);
    const twin = await registry.readTwin(a);
    expect(await registry.patchTags(a, patch, etag ?? twin!.etag)).toMatchObject(answer);
  });

  it('of a device that is not there: absent', async () => {
    expect(await (await open()).patchTags(a, { name: 'b' }, 'AAE=')).toMatchObject({
      answer: 'refused',
      code: 'absent',
    });
  });

  it.each([
    ['cut', { kind: 'close', when: 'after' }, { answer: 'unanswered' }],
    ['a fault', { kind: 'refuse', code: 'ServiceUnavailable' }, { answer: 'unanswered' }],
    ['throttled', { kind: 'refuse', code: 'ThrottlingBacklogTimeout' }, { answer: 'refused', code: 'throttled' }],
  ] as const)('%s', async (_, trouble, answer) => {
    const registry = await seeded(a);
    disturb = () => trouble;
    expect(await registry.patchTags(a, { name: 'b' }, 'AAE=')).toMatchObject(answer);
  });

  it('not by a policy that may not: the fault names the right', async () => {
    await seeded(a);
    const registry = await open(hub.connectionStrings.registryReadWrite);
    const details = { host: hub.host, keyName: 'registryReadWrite', right: 'Twin Write' } as const;
    const answer = '401, IotHubUnauthorizedAccess, Unauthorized';
    expect(said(await faultOf(registry.patchTags(a, { name: 'b' }, 'AAE=')))).toEqual(
      said(callFault('key-refused', { ...details, answer })),
    );
    await registry.readOne(a);
    expect(said(await faultOf(registry.patchTags(a, { name: 'b' }, 'AAE=')))).toEqual(
      said(callFault('policy-lacks-right', details)),
    );
    expect(said(await faultOf(registry.readTwin(a)))).toEqual(
      said(callFault('policy-lacks-right', { ...details, right: 'Service Connect' })),
    );
  });

  it('not where nothing listens', async () => {
    const registry = await open(hub.connectionString.replace(hub.host, 'localhost:1'));
    expect(await registry.patchTags(a, { name: 'b' }, 'AAE=')).toMatchObject({ answer: 'refused', code: 'unreached' });
  });
});

describe('an answer that is no twin', () => {
  const json = { 'Content-Type': 'application/json' };

  it.each([
    ['of another device', '{"deviceId":"b","etag":"AAE=","tags":{}}'],
    ['with tags that are none', '{"deviceId":"a","etag":"AAE=","tags":[1]}'],
  ])('is a fault: %s', async (_, body) => {
    const { host, registry } = await answering((_request, response) => response.writeHead(200, json).end(body));
    expect(said(await faultOf(registry.readTwin(a)))).toEqual(
      said(callFault('misunderstood', { host, expected: { twin: 'a' } })),
    );
  });

  it('is a fault in a query, where tags were asked for', async () => {
    const row = '{"deviceId":"edge-0","deviceEtag":"a","status":"enabled","authenticationType":"sas"}';
    const { host, registry } = await answering((request, response) => {
      const body = request.url?.startsWith('/statistics') ? '{"totalDeviceCount":11}' : `[${row}]`;
      response.writeHead(200, json).end(body);
    });
    expect((await registry.read(ids(11))).size).toBe(1);
    expect(said(await faultOf(registry.read(ids(11), { tags: 'all' })))).toEqual(
      said(callFault('misunderstood', { host, expected: 'page-of-twins' })),
    );
  });

  it('may leave the tags out, where there are none', async () => {
    const body = '{"deviceId":"a","etag":"\\"AAE=\\""}';
    const { registry } = await answering((_, response) => response.writeHead(200, json).end(body));
    expect(await registry.readTwin(a)).toEqual({ etag: 'AAE=', tags: {} });
  });
});
