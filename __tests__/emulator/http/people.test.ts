import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSeed } from '../../../src/emulator/devices/seed.ts';
import { emulatorFault, type SeedPlace } from '../../../src/emulator/faults.ts';
import { type EmbeddedHub, type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import { Refused } from '../../../src/emulator/wire/errors.ts';
import type { Fault } from '../../../src/model/fault.ts';
import { faultOf, said } from '../../support/fault.ts';
import { call } from '../clients.ts';
import { a40, edgeBody, key } from '../devices/identities.ts';
import { jsonError } from '../json-error.ts';

async function hubWith(options: HubOptions = {}): Promise<EmbeddedHub> {
  const hub = await startHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

/** `GET /` without any signature, as a browser asks. */
function page(hub: EmbeddedHub, host = hub.host): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const port = Number(hub.host.split(':')[1]);
    request(
      { host: 'localhost', port, path: '/', ca: hub.ca, servername: 'localhost', headers: { host } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
        );
      },
    )
      .on('error', reject)
      .end();
  });
}

describe('the page for people', () => {
  it('shows how much there is, the first hundred devices and how to connect, but no secret', async () => {
    const hub = await hubWith();
    for (let n = 0; n < 120; n++) hub.registry.put(edgeBody(`edge-${n}`));
    const { status, type, text } = await page(hub);
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<dt>devices</dt><dd>120</dd>');
    expect(text.match(/<td>edge-\d+<\/td>/g)).toHaveLength(100);
    expect(text).toContain('And 20 more.');
    expect(text).toContain(`HostName=${hub.host};`);
    for (const connectionString of Object.values(hub.connectionStrings)) {
      expect(text).not.toContain(connectionString.split('SharedAccessKey=')[1]);
    }
    expect(text).toContain(a40);
  });

  it('says so when there are none', async () => {
    const { text } = await page(await hubWith());
    expect(text).toContain('<dt>devices</dt><dd>0</dd>');
    expect(text).not.toContain('<table>');
    expect(text).toContain('none yet');
  });

  it('shows what devices say as text', async () => {
    const hub = await hubWith();
    hub.registry.put({ deviceId: "a'b", status: 'disabled', statusReason: '<script>alert(1)</script>' });
    hub.registry.patchTwin("a'b", { tags: { note: '"><img src=x>' } });
    const { text } = await page(hub);
    expect(text).not.toMatch(/<script|<img/);
    expect(text).toContain('a&#39;b');
  });

  it('is for this machine: a page of another site cannot read it under its own name', async () => {
    const hub = await hubWith();
    expect((await page(hub, 'evil.example.com')).status).toBe(404);
  });
});

describe('a seed', () => {
  const parent = { id: 'parent', capabilities: { iotEdge: true }, deviceScope: 'ms-azure-iot-edge://parent-1' };
  const child = { id: 'child', deviceScope: 'ms-azure-iot-edge://parent-1', tags: { site: 'berlin' } };

  it.each([
    ['as a JSON array', JSON.stringify([child, parent])],
    [
      'as lines of an export',
      `\uFEFF${JSON.stringify(child)}\r\n\r\n${JSON.stringify({ ...parent, importMode: 'create' })}\n`,
    ],
  ])('%s is there when the hub starts, in any order of parents and children', async (_, text) => {
    const hub = await hubWith({ seed: readSeed(text, 'seed.json') });
    expect(hub.registry.get('child')).toMatchObject({
      deviceScope: parent.deviceScope,
      parentScopes: [parent.deviceScope],
    });
    expect(hub.registry.twin('child')).toMatchObject({ tags: { site: 'berlin' } });
  });

  it('comes back by a reset, which needs the right to write, and everything else goes', async () => {
    const hub = await hubWith({ seed: readSeed('[{"id":"seeded"}]', 'seed.json') });
    hub.registry.put({ deviceId: 'other' });
    hub.registry.remove('seeded');
    expect((await call(hub, 'POST', '/_emulator/reset', { policy: 'registryRead' })).status).toBe(401);
    expect(hub.registry.get('other')).toBeDefined();
    expect((await call(hub, 'POST', '/_emulator/reset')).status).toBe(204);
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(['seeded']);
  });

  it('holds all that an export holds: keys, reasons, twins, modules, scopes; etags begin anew', async () => {
    const device = {
      id: 'edge-1',
      eTag: 'NTI1NDYyMTA4',
      twinETag: 'AAAAAAAAAAk=',
      status: 'disabled',
      statusReason: 'lost',
      capabilities: { iotEdge: true },
      deviceScope: 'ms-azure-iot-edge://edge-1-637612875235274981',
      authentication: { type: 'sas', symmetricKey: { primaryKey: key, secondaryKey: key } },
      tags: { site: 'berlin' },
      properties: { desired: { a: 1, $metadata: { $lastUpdated: 'x' }, $version: 9 }, reported: { b: 1 } },
    };
    const modules = [
      { id: 'edge-1', moduleId: '$edgeAgent', tags: { c: 1 }, authentication: { type: 'sas' } },
      { id: 'edge-1', moduleId: '$edgeHub' },
      { id: 'edge-1', moduleId: 'm', managedBy: 'me', tags: { d: 1 } },
    ];
    const text = [...modules, device].map((line) => JSON.stringify(line)).join('\n');
    const hub = await hubWith({ seed: readSeed(text, 'devices.txt') });
    expect(hub.registry.get('edge-1')).toMatchObject({
      status: 'disabled',
      statusReason: 'lost',
      deviceScope: device.deviceScope,
      authentication: { symmetricKey: { primaryKey: key } },
    });
    expect(hub.registry.twin('edge-1')).toMatchObject({
      etag: 'AAAAAAAAAAE=',
      tags: { site: 'berlin' },
      properties: { desired: { a: 1, $version: 1 }, reported: { $version: 1 } },
    });
    const tagsOf = async (moduleId: string) => (await call(hub, 'GET', `/twins/edge-1/modules/${moduleId}`)).json.tags;
    expect([await tagsOf('$edgeAgent'), await tagsOf('$edgeHub'), await tagsOf('m')]).toEqual([
      { c: 1 },
      undefined,
      { d: 1 },
    ]);
  });

  it('may be what GET /devices answered', async () => {
    const first = await hubWith();
    first.registry.put(edgeBody('edge-1'));
    const listed = await call(first, 'GET', '/devices');
    const second = await hubWith({ seed: readSeed(listed.text, 'devices.json') });
    const { deviceScope, authentication } = second.registry.get('edge-1')!;
    expect({ deviceScope, authentication }).toEqual({
      deviceScope: first.registry.get('edge-1')?.deviceScope,
      authentication: first.registry.get('edge-1')?.authentication,
    });
  });

  it('leaves a directory alone that has devices, and one that it could not fill empty', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seed-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const bad = readSeed('[{"id":"a"},{"id":"a"}]', 'seed.json');
    expect(said(await faultOf(startHub({ directory, seed: bad })))).toEqual(
      said(
        emulatorFault('seed-refused', {
          at: { name: 'seed.json', entry: 2, id: 'a' },
          why: "A device with ID 'a' is already registered.",
        }),
      ),
    );
    const idsAfter = async (seed: string) => {
      const hub = await startHub({ directory, seed: readSeed(seed, 'seed.json') });
      const ids = hub.registry.all().map(({ deviceId }) => deviceId);
      await hub.close();
      return ids;
    };
    expect(await idsAfter('[{"id":"first"}]')).toEqual(['first']);
    expect(await idsAfter('[{"id":"second"}]')).toEqual(['first']);
  });

  it.each<[string, string, Fault]>([
    ['no JSON', '[{', emulatorFault('seed-not-json', { at: { name: 'seed.json' }, why: jsonError('[{') })],
    ['nothing but a text', '"devices"', emulatorFault('seed-not-object', { at: { name: 'seed.json', line: 1 } })],
    [
      'a line that is no JSON',
      '{"id":"a"}\n{',
      emulatorFault('seed-not-json', { at: { name: 'seed.json', line: 2 }, why: jsonError('{') }),
    ],
    ['something that is no device', '[1]', emulatorFault('seed-not-object', { at: { name: 'seed.json', entry: 1 } })],
    [
      'a module of a device that is not in it',
      '[{"id":"a","moduleId":"m"}]',
      emulatorFault('seed-refused', { at: { name: 'seed.json', entry: 1, id: 'a' }, why: 'a' }),
    ],
    [
      'a parent that is not in it',
      '[{"id":"a","deviceScope":"ms-azure-iot-edge://x-1"}]',
      emulatorFault('seed-parent-absent', {
        at: { name: 'seed.json', entry: 1, id: 'a' },
        scope: 'ms-azure-iot-edge://x-1',
      }),
    ],
    [
      'a deletion',
      '[{"id":"a","importMode":"delete"}]',
      emulatorFault('seed-import-mode', { at: { name: 'seed.json', entry: 1, id: 'a' }, mode: 'delete' }),
    ],
  ])('is refused with its place: %s', async (_, text, fault) => {
    const starting = async () => startHub({ seed: readSeed(text, 'seed.json') });
    expect(said(await faultOf(starting()))).toEqual(said(fault));
  });

  it.each<[string, string, SeedPlace, RegExp]>([
    ['an entry without an id', '[{}]', { name: 'seed.json', entry: 1, id: '' }, /''/],
    ['a twin that is not valid', '[{"id":"a","tags":{"a.b":1}}]', { name: 'seed.json', entry: 1, id: 'a' }, /"a\.b"/],
    [
      'a device that the hub refuses',
      '[{"id":"ok"},{"id":"a b"}]',
      { name: 'seed.json', entry: 2, id: 'a b' },
      /'a b'/,
    ],
  ])('is refused with its place and what the hub answers: %s', async (_, text, at, answer) => {
    const fault = await faultOf(startHub({ seed: readSeed(text, 'seed.json') }));
    const why = fault.cause instanceof Refused ? fault.cause.message : '';
    expect(why).toMatch(answer);
    expect(said(fault)).toEqual(said(emulatorFault('seed-refused', { at, why })));
  });
});

describe('api-version', () => {
  it.each(['2016-11-14', '2018-06-30', '2020-05-31-preview', '2021-04-12', '2024-03-31'])(
    '%s is taken',
    async (version) => {
      expect((await call(await hubWith(), 'GET', '/devices', { version })).status).toBe(200);
    },
  );

  it.each(['', '2021', '2015-01-01', '2999-01-01', '2021-04-12x', "2021-04-12'"])('%j is refused', async (version) => {
    const answer = await call(await hubWith(), 'GET', '/devices', { version: encodeURIComponent(version) });
    expect(answer.status).toBe(400);
    expect(answer.headers['iothub-errorcode']).toBe('InvalidProtocolVersion');
  });
});
