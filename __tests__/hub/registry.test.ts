import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { callFault, type ExpectedAnswer } from '../../src/hub/calls/faults.ts';
import { httpFailure } from '../../src/hub/calls/http.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry, type RegistryOptions } from '../../src/hub/registry.ts';
import type { Registry, RegistryWrite } from '../../src/model/registry.ts';
import { faultOf, said } from '../support/fault.ts';
import { anyText, saidWithAnyText } from './answers.ts';
import { closedPort, serve, serveProxy } from './calls/loopback.ts';
import { create, deviceId, thumbprint } from './devices.ts';

let hub: EmbeddedHub;
let authority: Authority;
let disturb: Disturb | undefined;
let now = Date.now();

beforeAll(async () => {
  [hub, authority] = await Promise.all([
    startHub({ disturb: (call) => disturb?.(call), clock: () => now }),
    makeAuthority(new Date()),
  ]);
});
afterAll(() => hub.close());
beforeEach(() => {
  disturb = undefined;
  now = Date.now();
  for (const { deviceId: id } of hub.registry.all()) hub.registry.remove(id);
});

/** The registry of the hub, by one of its policies. It does not wait between attempts. */
async function open(
  options: Partial<RegistryOptions> & { readonly connectionString?: string } = {},
): Promise<Registry> {
  const [credential] = readConnectionStrings(options.connectionString ?? hub.connectionString);
  const registry = await openRegistry(credential!, {
    userAgent: 'provision-iot-edge/test',
    ca: hub.ca,
    sleep: async () => {},
    clock: () => now,
    ...options,
  });
  onTestFinished(() => registry.close());
  return registry;
}

function seed(...ids: readonly string[]): void {
  const authentication = {
    type: 'selfSigned',
    x509Thumbprint: { primaryThumbprint: thumbprint(), secondaryThumbprint: thumbprint() },
  };
  for (const id of ids)
    hub.registry.put({ deviceId: id, status: 'enabled', authentication, capabilities: { iotEdge: true } });
}

async function updateOf(registry: Registry, id: string, digit: string): Promise<RegistryWrite> {
  const found = await registry.readOne(deviceId(id));
  const { etag, ...rest } = found!;
  const thumbprints = { primary: thumbprint(digit), secondary: thumbprint(digit) };
  return { mode: 'update', etag, registration: { ...rest, thumbprints } };
}

const ids = (count: number) => Array.from({ length: count }, (_, n) => deviceId(`edge-${n}`));
const answers = (given: Awaited<ReturnType<Registry['write']>>) =>
  given.map((a) => `${a.id}: ${a.answer}${a.answer === 'refused' ? ` ${a.code}` : ''}`);
const spent = async (work: () => Promise<unknown>) => {
  const before = hub.counts();
  await work();
  const after = hub.counts();
  return {
    requests: after.requests - before.requests,
    reads: after.registryReads - before.registryReads,
    writes: after.registryWrites - before.registryWrites,
    queries: after.queries - before.queries,
  };
};

describe('a token of a shared access policy', () => {
  it('is masked before it is used, and serves the calls of half an hour', async () => {
    const masked: string[] = [];
    const used: string[] = [];
    const late: string[] = [];
    const { host } = await serve(authority, (request, response) => {
      const [, signature = ''] = /sig=([^&]+)/.exec(request.headers.authorization ?? '') ?? [];
      used.push(signature);
      if (!masked.includes(decodeURIComponent(signature))) late.push(signature);
      response.end('{"totalDeviceCount":0}');
    });
    const key = randomBytes(32).toString('base64');
    const connectionString = `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;
    const mask = (secret: string) => masked.push(secret);
    const registry = await open({ connectionString, ca: authority.ca, mask });
    const reads = async () => {
      for (let n = 0; n < 3; n++) await registry.readOne(deviceId('e')).catch(() => {});
    };
    await reads();
    expect([masked.length, new Set(used).size, used.length]).toEqual([1, 1, 3]);
    now += 31 * 60_000;
    await reads();
    expect([masked.length, new Set(used).size, used.length]).toEqual([2, 2, 6]);
    expect(late).toEqual([]);
  });
});

describe('reading', () => {
  it('a few devices takes one call each, and gives those that are there', async () => {
    seed('edge-0', 'edge-2', 'other');
    const registry = await open();
    let found: ReadonlyMap<string, unknown> = new Map();
    const cost = await spent(async () => {
      found = await registry.read(ids(3));
    });
    expect([...found.keys()].sort()).toEqual(['edge-0', 'edge-2']);
    expect(cost).toMatchObject({ requests: 3, queries: 0 });
  });

  it('no devices takes no call', async () => {
    const registry = await open();
    expect(await spent(() => registry.read([]))).toMatchObject({ requests: 0 });
  });

  it('a fleet that is most of its hub is one scan', async () => {
    seed(...ids(120), 'other');
    const registry = await open();
    let size = 0;
    const cost = await spent(async () => {
      size = (await registry.read(ids(120))).size;
    });
    expect(size).toBe(120);
    expect(cost).toMatchObject({ requests: 2, queries: 1 });
  });

  it('a fleet that is small against its hub is asked for by name, ids with a quote one by one', async () => {
    seed(...Array.from({ length: 1_100 }, (_, n) => `other-${n}`), ...ids(20), "o'hara");
    const registry = await open();
    const wanted = [...ids(30), deviceId("o'hara")];
    let found: readonly string[] = [];
    const cost = await spent(async () => {
      found = [...(await registry.read(wanted)).keys()];
    });
    expect([...found].sort()).toEqual([...ids(20), "o'hara"].sort());
    expect(cost).toMatchObject({ requests: 3, queries: 1 });
  });

  it('goes through all pages of a scan', async () => {
    seed(...ids(2_300));
    const registry = await open();
    let size = 0;
    const cost = await spent(async () => {
      size = (await registry.readEdgeDevices()).length;
    });
    expect(size).toBe(2_300);
    expect(cost).toMatchObject({ queries: 3 });
  });

  it('the edge devices leaves the others out', async () => {
    seed('edge-0');
    hub.registry.put({ deviceId: 'leaf', status: 'enabled', authentication: { type: 'sas' } });
    expect((await (await open()).readEdgeDevices()).map(({ id }) => id)).toEqual(['edge-0']);
  });

  it.each(["o'hara", 'a:b*c?', '100%', '..', '#+=@$;!(),_', '%'.repeat(128)])('one device %s', async (id) => {
    const registry = await open();
    expect(answers(await registry.write([create(id)]))).toEqual([`${id}: applied`]);
    expect(await registry.readOne(deviceId(id))).toMatchObject({ id, edge: true, authentication: 'selfSigned' });
  });

  it('is tried again while the hub is busy, breaks off or does not answer', async () => {
    seed('edge-0');
    const troubles = [
      { kind: 'refuse', code: 'ThrottlingBacklogTimeout' },
      { kind: 'close', when: 'before' },
      { kind: 'truncate' },
      { kind: 'hang', when: 'before' },
    ] as const;
    let n = 0;
    disturb = () => troubles[n++];
    const waits: number[] = [];
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    const registry = await open({ attemptTimeoutMs: 200, sleep, random: () => 0.5 });
    expect(await registry.readOne(deviceId('edge-0'))).toMatchObject({ id: 'edge-0' });
    expect(waits).toEqual([5_000, 1_000, 2_000, 4_000]);
  });

  it('is given up after eight attempts, and says why', async () => {
    let calls = 0;
    disturb = () => {
      calls++;
      return { kind: 'refuse', code: 'ServiceUnavailable', text: 'not now' };
    };
    expect(said(await faultOf((await open()).readOne(deviceId('edge-0'))))).toEqual(
      said(callFault('hub-busy', { host: hub.host, answer: '503, ServiceUnavailable, not now' })),
    );
    expect(calls).toBe(8);
  });

  it('ends all lanes with the first fault', async () => {
    let calls = 0;
    disturb = () => {
      calls++;
      return { kind: 'refuse', code: 'IotHubQuotaExceeded', text: '8000 messages' };
    };
    expect(said(await faultOf((await open()).read(ids(10))))).toEqual(
      said(callFault('quota-exceeded', { host: hub.host, answer: '403, IotHubQuotaExceeded, 8000 messages' })),
    );
    expect(calls).toBeLessThanOrEqual(4);
  });
});

describe('writing', () => {
  it('creates edge devices with both thumbprints', async () => {
    const registry = await open();
    expect(answers(await registry.write([create('edge-0'), create('edge-1')]))).toEqual([
      'edge-0: applied',
      'edge-1: applied',
    ]);
    expect(hub.registry.get('edge-0')).toMatchObject({
      status: 'enabled',
      capabilities: { iotEdge: true },
      authentication: {
        type: 'selfSigned',
        x509Thumbprint: { primaryThumbprint: thumbprint('A'), secondaryThumbprint: thumbprint('B') },
      },
    });
  });

  it('updates with the etag that was read, and sends back what the hub had', async () => {
    seed('edge-0');
    const registry = await open();
    const before = await registry.readOne(deviceId('edge-0'));
    expect(answers(await registry.write([await updateOf(registry, 'edge-0', 'C')]))).toEqual(['edge-0: applied']);
    const after = await registry.readOne(deviceId('edge-0'));
    expect(after).toMatchObject({ thumbprints: { primary: thumbprint('C') }, deviceScope: before!.deviceScope! });
    expect(after!.etag).not.toBe(before!.etag);
  });

  it('takes creates and updates in one go, and answers in their order', async () => {
    seed('edge-0', 'edge-1');
    const registry = await open();
    const writes = [create('new-0'), await updateOf(registry, 'edge-0', 'C'), create('edge-1')];
    expect(answers(await registry.write(writes))).toEqual([
      'new-0: applied',
      'edge-0: applied',
      'edge-1: refused exists',
    ]);
  });

  it('of nothing takes no call', async () => {
    const registry = await open();
    expect(await spent(() => registry.write([]))).toMatchObject({ requests: 0 });
  });

  it('fails for the device that is refused alone', async () => {
    seed('edge-1');
    const given = await (await open()).write([create('edge-0'), create('edge-1'), create('edge-2')]);
    expect(answers(given)).toEqual(['edge-0: applied', 'edge-1: refused exists', 'edge-2: applied']);
    expect(given[1]).toMatchObject({ message: expect.stringContaining('409001') });
  });

  it('fails where the device has changed or gone since it was read', async () => {
    seed('edge-0', 'edge-1', 'edge-2');
    const registry = await open();
    const writes = await Promise.all(['edge-0', 'edge-1', 'edge-2'].map((id) => updateOf(registry, id, 'C')));
    hub.registry.put({ ...hub.registry.get('edge-0'), status: 'disabled' });
    hub.registry.remove('edge-1');
    expect(answers(await registry.write(writes))).toEqual([
      'edge-0: refused changed',
      'edge-1: refused absent',
      'edge-2: applied',
    ]);
    expect(hub.registry.get('edge-0')).toMatchObject({ status: 'disabled' });
  });

  it.each([
    ['the answer is cut off', { kind: 'truncate' }, true],
    ['the connection breaks after it', { kind: 'close', when: 'after' }, true],
    ['the connection breaks before it', { kind: 'close', when: 'before' }, false],
    ['no answer comes', { kind: 'hang', when: 'after' }, true],
    ['the hub has a fault', { kind: 'refuse', code: 'ServerError' }, false],
  ] as const)('is sent once, and its outcome is open where %s', async (_, disturbance, carriedOut) => {
    const registry = await open({ attemptTimeoutMs: 300 });
    disturb = () => disturbance;
    const cost = await spent(async () => {
      expect(answers(await registry.write([create('edge-0')]))).toEqual(['edge-0: unanswered']);
    });
    expect(cost.requests).toBe(1);
    expect(hub.registry.get('edge-0') !== undefined).toBe(carriedOut);
  });

  it('is refused for all devices where the hub is throttled', async () => {
    disturb = () => ({ kind: 'refuse', code: 'ThrottlingBacklogTimeout' });
    const given = await (await open()).write([create('edge-0'), create('edge-1')]);
    expect(answers(given)).toEqual(['edge-0: refused throttled', 'edge-1: refused throttled']);
  });

  it('halves a call that the hub refuses as a whole, until the one at fault stands alone', async () => {
    disturb = ({ body }) =>
      JSON.stringify(body).includes('edge-3')
        ? { kind: 'refuse', code: 'ArgumentInvalid', text: 'not this one' }
        : undefined;
    const given = await (await open()).write(ids(5).map((id) => create(id)));
    expect(answers(given)).toEqual(ids(5).map((id) => `${id}: ${id === 'edge-3' ? 'refused other' : 'applied'}`));
    expect(given[3]).toMatchObject({ message: '400, ArgumentInvalid, not this one' });
  });

  it('keeps the answers of the first part where the hub refuses the second as a whole', async () => {
    seed('edge-0');
    const registry = await open();
    const update = await updateOf(registry, 'edge-0', 'C');
    disturb = ({ body }) =>
      JSON.stringify(body).includes('edge-0')
        ? { kind: 'refuse', code: 'IotHubQuotaExceeded', text: '8000 messages' }
        : undefined;
    const given = await registry.write([create('new-0'), update]);
    expect(answers(given)).toEqual(['new-0: applied', 'edge-0: refused other']);
    const { message } = callFault('quota-exceeded', {
      host: hub.host,
      answer: '403, IotHubQuotaExceeded, 8000 messages',
    });
    expect(given[1]).toMatchObject({ message });
  });
});

const unauthorized = '401, IotHubUnauthorizedAccess, Unauthorized';

describe('signing in', () => {
  it('sends tokens by the given clock, renewed for every call', async () => {
    const registry = await open();
    await registry.readOne(deviceId('edge-0'));
    now += 30 * 86_400_000;
    expect(await registry.readOne(deviceId('edge-0'))).toBeUndefined();
  });

  it('sends one User-Agent, ours, and signs for the host without its port', async () => {
    const headers: string[][] = [];
    const { host } = await serve(authority, (request, response) => {
      headers.push(request.rawHeaders);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('[]');
    });
    const connectionString = hub.connectionString.replace(hub.host, host);
    expect(await (await open({ connectionString, ca: authority.ca })).readEdgeDevices()).toEqual([]);
    const [sent = []] = headers;
    expect(sent.filter((text) => /provision-iot-edge|azure-iothub/.test(text))).toEqual(['provision-iot-edge/test']);
    expect(sent[sent.indexOf('Authorization') + 1]).toMatch(/^SharedAccessSignature sr=localhost&sig=/);
  });

  it('fails with a wrong key, and shows neither key nor token', async () => {
    const key = randomBytes(32).toString('base64');
    const registry = await open({
      connectionString: hub.connectionString.replace(/SharedAccessKey=.*/, `SharedAccessKey=${key}`),
    });
    for (const [right, call] of [
      ['Registry Read', () => registry.readOne(deviceId('edge-0'))],
      ['Service Connect', () => registry.readEdgeDevices()],
      ['Registry Write', () => registry.write([create('edge-0')])],
    ] as const) {
      const fault = await faultOf(call());
      expect(said(fault)).toEqual(
        said(callFault('key-refused', { host: hub.host, keyName: 'iothubowner', right, answer: unauthorized })),
      );
      expect(fault.remedy).toContain('--policy-name iothubowner');
      expect(`${fault.message}${fault.remedy}${JSON.stringify(fault)}`).not.toMatch(/sig=|SharedAccessSignature/);
      expect(`${fault.message}${fault.remedy}`).not.toContain(key);
    }
  });

  it('fails where the policy may not query, also in the first call', async () => {
    const registry = await open({ connectionString: hub.connectionStrings.registryReadWrite });
    const fault = await faultOf(registry.readEdgeDevices());
    const details = { host: hub.host, keyName: 'registryReadWrite', right: 'Service Connect' } as const;
    expect(said(fault)).toEqual(said(callFault('policy-lacks-right', details)));
    expect(fault.remedy).toContain('--policy-name iothubowner');
  });

  it('needs no right to query for a few devices', async () => {
    seed('edge-0');
    const registry = await open({ connectionString: hub.connectionStrings.registryReadWrite });
    expect((await registry.read([deviceId('edge-0')])).size).toBe(1);
    expect(answers(await registry.write([create('edge-1')]))).toEqual(['edge-1: applied']);
  });

  it('fails where the policy may not write', async () => {
    const registry = await open({ connectionString: hub.connectionStrings.registryRead });
    await registry.read([deviceId('edge-0')]);
    const details = { host: hub.host, keyName: 'registryRead', right: 'Registry Write' } as const;
    expect(said(await faultOf(registry.write([create('edge-0')])))).toEqual(
      said(callFault('policy-lacks-right', details)),
    );
  });

  it('fails where the policy may not read', async () => {
    const registry = await open({ connectionString: hub.connectionStrings.service });
    const fault = await faultOf(registry.read(ids(11)));
    const details = { host: hub.host, keyName: 'service', right: 'Registry Read' } as const;
    expect(said(fault)).toEqual(said(callFault('key-refused', { ...details, answer: unauthorized })));
    expect(fault.remedy).toContain('Registry Read');
  });
});

describe('a hub that is not there', () => {
  const at = (host: string) => hub.connectionString.replace(hub.host, host);

  it('for want of its name', async () => {
    const registry = await open({ connectionString: at('nonexistent.invalid') });
    const fault = await faultOf(registry.readOne(deviceId('a')));
    expect(fault.message).toMatch(/nonexistent\.invalid/);
    // Without a name service it is not known that there is no such name.
    const host = 'nonexistent.invalid';
    const faults = [callFault('unknown-host', { host }), callFault('name-service', { host })];
    expect(faults.map(said)).toContainEqual(said(fault));
  });

  it('for want of anybody who listens, and nothing was written', async () => {
    const host = await closedPort();
    const registry = await open({ connectionString: at(host) });
    expect(said(await faultOf(registry.readOne(deviceId('a'))))).toEqual(
      said(callFault('connection-refused', { host, code: 'ECONNREFUSED' })),
    );
    // A run reads before it writes, so the hub was there and may come back.
    expect(await registry.write([create('a')])).toMatchObject([{ answer: 'refused', code: 'unreached' }]);
  });

  it('for an authority that is not trusted', async () => {
    const fault = await faultOf((await open({ ca: undefined })).readOne(deviceId('a')));
    const details = { host: hub.host, code: anyText };
    expect(said(fault)).toEqual(saidWithAnyText(callFault('certificate-untrusted', details)));
    expect(fault.remedy).toMatch(/ca-file/);
  });

  it('for a certificate that has expired', async () => {
    const old = await makeAuthority(new Date(Date.now() - 3 * 365 * 86_400_000));
    const { host } = await serve(old, (_, response) => response.end());
    const registry = await open({ connectionString: at(host), ca: old.ca });
    expect(said(await faultOf(registry.readOne(deviceId('a'))))).toEqual(
      said(callFault('certificate-expired', { host, code: 'CERT_HAS_EXPIRED' })),
    );
  });

  it('for a proxy that refuses, whose password stays hidden', async () => {
    const proxy = await serveProxy(407);
    const proxyFor = () => proxy.url.replace('//', '//user:s3cret@');
    const fault = await faultOf((await open({ proxyFor })).readOne(deviceId('a')));
    const failure = httpFailure.proxyRefused(407).message;
    expect(said(fault)).toEqual(
      said(callFault('proxy-refused-tunnel', { host: hub.host, proxy: proxy.host, failure })),
    );
    expect(`${fault.message}${fault.remedy}`).not.toContain('s3cret');
  });

  it('is reached through a proxy that lets us', async () => {
    seed('edge-0');
    const proxy = await serveProxy();
    const asked: string[] = [];
    const proxyFor = (url: string) => {
      asked.push(url);
      return proxy.url;
    };
    expect((await (await open({ proxyFor })).read([deviceId('edge-0')])).size).toBe(1);
    expect(asked).toEqual([`https://${hub.host}/`]);
    expect(proxy.asked.map(({ target }) => target)).toEqual([hub.host]);
  });
});

describe('an answer that is not that of a hub', () => {
  const json = { 'Content-Type': 'application/json' };

  async function answering(answer: RequestListener) {
    const { host } = await serve(authority, answer);
    const registry = await open({ connectionString: hub.connectionString.replace(hub.host, host), ca: authority.ca });
    return { host, registry };
  }

  const misunderstood = (host: string, expected: ExpectedAnswer) => callFault('misunderstood', { host, expected });

  it.each([
    ['a page', {}, '<html>sign in</html>', 'misunderstood', 'misunderstood'],
    ['half a document', json, '{"deviceId":', 'broken', 'broken'],
    ['a device without an id', json, '{"etag":"a"}', 'broken', 'misunderstood'],
    [
      'a device of unknown authentication',
      json,
      '{"deviceId":"a","etag":"a","status":"enabled","authentication":{"type":"magic"}}',
      'misunderstood',
      'misunderstood',
    ],
    ['a list', json, '[]', 'broken', 'misunderstood'],
  ])('is a fault: %s', async (_, headers, body, one, number) => {
    const { host, registry } = await answering((_request, response) => response.writeHead(200, headers).end(body));
    const broken = callFault('connection-broken', { host, failure: httpFailure.malformed().message });
    for (const [call, kind, expected] of [
      [() => registry.readOne(deviceId('a')), one, 'device'],
      [() => registry.read(ids(11)), number, 'number-of-devices'],
    ] as const) {
      const fault = await faultOf(call());
      expect(said(fault)).toEqual(said(kind === 'broken' ? broken : misunderstood(host, expected)));
    }
    expect(answers(await registry.write([create('a')]))).toEqual(['a: unanswered']);
  });

  it('is a fault: a row that is no device', async () => {
    const { host, registry } = await answering((_, response) => {
      response.writeHead(200, json).end('[{"deviceId":"a"}]');
    });
    expect(said(await faultOf(registry.readEdgeDevices()))).toEqual(said(misunderstood(host, 'page-of-devices')));
  });

  it('is a fault: a page that is no list', async () => {
    const { host, registry } = await answering((_, response) => response.writeHead(200, json).end('{}'));
    expect(said(await faultOf(registry.readEdgeDevices()))).toEqual(said(misunderstood(host, 'page-of-devices')));
  });

  it('is a fault: another device than the one asked for', async () => {
    const other = '{"deviceId":"A","etag":"a","status":"enabled","authentication":{"type":"sas"}}';
    const { host, registry } = await answering((_, response) => response.writeHead(200, json).end(other));
    for (const call of [() => registry.readOne(deviceId('a')), () => registry.read([deviceId('a')])]) {
      expect(said(await faultOf(call()))).toEqual(said(misunderstood(host, { device: 'a' })));
    }
    expect(await registry.readOne(deviceId('A'))).toMatchObject({ id: 'A' });
  });

  it('is a fault: pages that begin anew', async () => {
    let asked = 0;
    const { host, registry } = await answering((_, response) => {
      asked++;
      response.writeHead(200, { ...json, 'x-ms-continuation': ['b', 'c'][asked % 2] }).end('[]');
    });
    expect(said(await faultOf(registry.readEdgeDevices()))).toEqual(said(misunderstood(host, 'list-that-ends')));
    expect(asked).toBe(3);
  });

  it('is a fault: a 404 for something else than the device', async () => {
    const { host, registry } = await answering((_, response) => response.writeHead(404).end('nobody'));
    expect(said(await faultOf(registry.readOne(deviceId('a'))))).toEqual(
      said(callFault('call-refused', { host, right: 'Registry Read', answer: '404' })),
    );
  });
});
