import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry, type RegistryOptions } from '../../src/hub/registry.ts';
import { Fault } from '../../src/model/fault.ts';
import type { Registry, RegistryWrite } from '../../src/model/registry.ts';
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

/** The registry of the hub by one of its policies; waits are not waited for. */
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
      return { kind: 'refuse', code: 'ServiceUnavailable' };
    };
    await expect((await open()).readOne(deviceId('edge-0'))).rejects.toThrow(
      /too busy or has a fault \(503, ServiceUnavailable/,
    );
    expect(calls).toBe(8);
  });

  it('ends all lanes with the first fault', async () => {
    let calls = 0;
    disturb = () => {
      calls++;
      return { kind: 'refuse', code: 'IotHubQuotaExceeded' };
    };
    await expect((await open()).read(ids(10))).rejects.toThrow(/daily quota/);
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
      JSON.stringify(body).includes('edge-0') ? { kind: 'refuse', code: 'IotHubQuotaExceeded' } : undefined;
    const given = await registry.write([create('new-0'), update]);
    expect(answers(given)).toEqual(['new-0: applied', 'edge-0: refused other']);
    expect(given[1]).toMatchObject({ message: expect.stringContaining('daily quota') });
  });
});

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
    for (const call of [
      () => registry.readOne(deviceId('edge-0')),
      () => registry.readEdgeDevices(),
      () => registry.write([create('edge-0')]),
    ]) {
      const fault = await faultOf(call);
      expect(fault.message).toMatch(/refused the shared access key iothubowner \(401, IotHubUnauthorizedAccess/);
      expect(fault.remedy).toMatch(/regenerated/);
      expect(`${fault.message}${fault.remedy}${JSON.stringify(fault)}`).not.toMatch(/sig=|SharedAccessSignature/);
      expect(`${fault.message}${fault.remedy}`).not.toContain(key);
    }
  });

  it('fails where the policy may not query, also in the first call', async () => {
    const registry = await open({ connectionString: hub.connectionStrings.registryReadWrite });
    const fault = await faultOf(() => registry.readEdgeDevices());
    expect(fault.message).toMatch(/key registryReadWrite for queries: the policy lacks Service Connect/);
    expect(fault.remedy).toMatch(/Registry Read, Registry Write and Service Connect/);
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
    const fault = await faultOf(() => registry.write([create('edge-0')]));
    expect(fault.message).toMatch(/key registryRead for writing devices: the policy lacks Registry Write/);
  });

  it('fails where the policy may not read', async () => {
    const fault = await faultOf(async () =>
      (await open({ connectionString: hub.connectionStrings.service })).read(ids(11)),
    );
    expect(fault.message).toMatch(/refused the shared access key service/);
    expect(fault.remedy).toMatch(/the policy lacks Registry Read/);
  });
});

describe('a hub that is not there', () => {
  const at = (host: string) => hub.connectionString.replace(hub.host, host);

  it('for want of its name', async () => {
    const fault = await faultOf(async () =>
      (await open({ connectionString: at('nonexistent.invalid') })).readOne(deviceId('a')),
    );
    expect(fault.message).toMatch(/nonexistent\.invalid/);
    expect(fault.message).toMatch(/its name is not known|could not be looked up/);
  });

  it('for want of anybody who listens, and nothing was written', async () => {
    const registry = await open({ connectionString: at(await closedPort()) });
    expect((await faultOf(() => registry.readOne(deviceId('a')))).message).toMatch(/takes no connections/);
    // Whoever writes has read before: so it was there, and may be there again.
    expect(await registry.write([create('a')])).toMatchObject([{ answer: 'refused', code: 'unreached' }]);
  });

  it('for an authority that is not trusted', async () => {
    const fault = await faultOf(async () => (await open({ ca: undefined })).readOne(deviceId('a')));
    expect(fault.message).toMatch(/not trusted here/);
    expect(fault.remedy).toMatch(/ca-file/);
  });

  it('for a certificate that has expired', async () => {
    const old = await makeAuthority(new Date(Date.now() - 3 * 365 * 86_400_000));
    const { host } = await serve(old, (_, response) => response.end());
    const fault = await faultOf(async () =>
      (await open({ connectionString: at(host), ca: old.ca })).readOne(deviceId('a')),
    );
    expect(fault.message).toMatch(/TLS certificate of localhost:\d+ is expired/);
  });

  it('for a proxy that refuses, whose password stays hidden', async () => {
    const proxy = await serveProxy(407);
    const proxyFor = () => proxy.url.replace('//', '//user:s3cret@');
    const fault = await faultOf(async () => (await open({ proxyFor })).readOne(deviceId('a')));
    expect(fault.message).toMatch(`no way to ${hub.host} through the proxy ${proxy.host}: the proxy answered 407`);
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

  async function answering(answer: RequestListener): Promise<Registry> {
    const { host } = await serve(authority, answer);
    return open({ connectionString: hub.connectionString.replace(hub.host, host), ca: authority.ca });
  }

  it.each([
    ['a page', {}, '<html>sign in</html>'],
    ['half a document', json, '{"deviceId":'],
    ['a device without an id', json, '{"etag":"a"}'],
    [
      'a device of unknown authentication',
      json,
      '{"deviceId":"a","etag":"a","status":"enabled","authentication":{"type":"magic"}}',
    ],
    ['a list', json, '[]'],
  ])('is a fault: %s', async (_, headers, body) => {
    const registry = await answering((_request, response) => response.writeHead(200, headers).end(body));
    for (const call of [() => registry.readOne(deviceId('a')), () => registry.read(ids(11))]) {
      const fault = await faultOf(call);
      expect(fault.message).toMatch(
        /^(localhost:\d+ answered something that is not|the connection to localhost:\d+ failed: the answer was not)/,
      );
    }
    expect(answers(await registry.write([create('a')]))).toEqual(['a: unanswered']);
  });

  it('is a fault: a row that is no device', async () => {
    const registry = await answering((_, response) => response.writeHead(200, json).end('[{"deviceId":"a"}]'));
    expect((await faultOf(() => registry.readEdgeDevices())).message).toMatch(/not a page of devices/);
  });

  it('is a fault: a page that is no list', async () => {
    const registry = await answering((_, response) => response.writeHead(200, json).end('{}'));
    expect((await faultOf(() => registry.readEdgeDevices())).message).toMatch(/not a page of devices/);
  });

  it('is a fault: another device than the one asked for', async () => {
    const other = '{"deviceId":"A","etag":"a","status":"enabled","authentication":{"type":"sas"}}';
    const registry = await answering((_, response) => response.writeHead(200, json).end(other));
    for (const call of [() => registry.readOne(deviceId('a')), () => registry.read([deviceId('a')])]) {
      expect((await faultOf(call)).message).toMatch(/answered something that is not the device a$/);
    }
    expect(await registry.readOne(deviceId('A'))).toMatchObject({ id: 'A' });
  });

  it('is a fault: pages that begin anew', async () => {
    let asked = 0;
    const registry = await answering((_, response) => {
      asked++;
      response.writeHead(200, { ...json, 'x-ms-continuation': ['b', 'c'][asked % 2] }).end('[]');
    });
    expect((await faultOf(() => registry.readEdgeDevices())).message).toMatch(/not a list of devices that ends$/);
    expect(asked).toBe(3);
  });

  it('is a fault: a 404 for something else than the device', async () => {
    const registry = await answering((_, response) => response.writeHead(404).end('nobody'));
    expect((await faultOf(() => registry.readOne(deviceId('a')))).message).toMatch(/refused reading devices \(404\)/);
  });
});

async function faultOf(call: () => Promise<unknown>): Promise<Fault> {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
  throw new Error('expected a fault');
}
