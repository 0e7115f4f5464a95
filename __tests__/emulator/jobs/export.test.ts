import { describe, expect, it } from 'vitest';
import { applyBulk } from '../../../src/emulator/devices/bulk.ts';
import { readSeed } from '../../../src/emulator/devices/seed.ts';
import { startHub } from '../../../src/emulator/hub.ts';
import { openExport, type WantedExport } from '../../../src/emulator/jobs/export-job.ts';
import { a40, b40, edgeBody, key, testRegistry } from '../devices/identities.ts';

/** Blobs in memory, in place of a container. Real ones are in sdk.test.ts. */
function containerInMemory() {
  const blobs = new Map<string, string>();
  const writer = (name: string) => {
    let text = '';
    return {
      async write(more: string) {
        text += more;
      },
      async finish() {
        blobs.set(name, text);
      },
    };
  };
  const unread = () => Promise.reject(new Error('an export reads nothing'));
  return { blobs, writer, clear: async (name: string) => void blobs.delete(name), read: unread, check: unread };
}

const defaults: WantedExport = {
  type: 'export',
  outputBlobContainerUri: 'https://a.invalid/out',
  outputBlobName: 'devices.txt',
  excludeKeysInExport: false,
  configurationsBlobName: undefined,
};

function fleet() {
  const registry = testRegistry();
  applyBulk(registry, [
    {
      importMode: 'create',
      ...edgeBody('edge'),
      id: 'edge',
      tags: { site: 'berlin' },
      properties: { desired: { a: { b: 1 } } },
    },
    {
      importMode: 'create',
      id: 'edge',
      moduleId: 'filter',
      authentication: { symmetricKey: { primaryKey: key, secondaryKey: key } },
    },
  ]);
  const deviceScope = registry.get('edge').deviceScope;
  applyBulk(registry, [
    {
      importMode: 'create',
      id: 'leaf',
      status: 'disabled',
      statusReason: 'lost',
      deviceScope,
      authentication: { symmetricKey: { primaryKey: key, secondaryKey: key } },
    },
  ]);
  return registry;
}

async function exported(more: Partial<WantedExport> = {}, registry = fleet(), configurations: readonly object[] = []) {
  const container = containerInMemory();
  const shares: number[] = [];
  const { run } = await openExport(
    { ...defaults, ...more },
    async () => container,
    () => configurations,
  );
  await run({
    registry,
    signal: new AbortController().signal,
    progressed: async (_, share) => void shares.push(share),
  });
  const lines = (name: string) => container.blobs.get(name)?.trimEnd().split('\n') ?? [];
  return { blobs: container.blobs, lines, shares };
}

describe('an export', () => {
  it('has a line for each device and each module, in the form that an import reads', async () => {
    const registry = fleet();
    const { deviceScope, version } = registry.get('edge');
    const { lines, shares } = await exported({}, registry);
    const [edge, agent, edgeHub, filter, leaf] = lines('devices.txt').map((line) => JSON.parse(line));
    expect(edge).toEqual({
      id: 'edge',
      eTag: Buffer.from(String(version)).toString('base64'),
      status: 'enabled',
      authentication: {
        symmetricKey: { primaryKey: null, secondaryKey: null },
        x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 },
        type: 'selfSigned',
      },
      twinETag: 'AAAAAAAAAAE=',
      tags: { site: 'berlin' },
      properties: { desired: { a: { b: 1 } }, reported: {} },
      capabilities: { iotEdge: true },
      deviceScope,
    });
    expect([agent, edgeHub]).toMatchObject([
      { id: 'edge', moduleId: '$edgeAgent', authentication: { type: 'none' } },
      { id: 'edge', moduleId: '$edgeHub' },
    ]);
    expect(filter).toMatchObject({
      id: 'edge',
      moduleId: 'filter',
      authentication: { type: 'sas', symmetricKey: { primaryKey: key } },
    });
    expect(leaf).toMatchObject({ id: 'leaf', status: 'disabled', statusReason: 'lost', parentScopes: [deviceScope] });
    expect(leaf).not.toHaveProperty('tags');
    expect(shares).toEqual([1]);
  });

  it('without keys begins with a line for people; keys are null, thumbprints stay', async () => {
    const { lines, blobs } = await exported({ excludeKeysInExport: true });
    const [warning = '', ...rest] = lines('devices.txt');
    expect(() => JSON.parse(warning)).toThrow(SyntaxError);
    expect(rest.map((line) => JSON.parse(line).id)).toEqual(['edge', 'edge', 'edge', 'edge', 'leaf']);
    expect(blobs.get('devices.txt')).not.toContain(key);
    expect(JSON.parse(rest[0]!).authentication.x509Thumbprint.primaryThumbprint).toBe(a40);
    expect(JSON.parse(rest[4]!).authentication).toMatchObject({ type: 'sas', symmetricKey: { primaryKey: null } });
  });

  it('that becomes the seed of another hub, and is exported there, is the same but for etags', async () => {
    const first = await exported();
    const seed = readSeed(first.blobs.get('devices.txt')!, 'devices.txt');
    const hub = await startHub({ seed });
    const document = hub.registry.get('leaf');
    await hub.close();
    expect(document).toMatchObject({ status: 'disabled', authentication: { symmetricKey: { primaryKey: key } } });
  });

  it('goes to the blobs that are named, and configurations in capitals only where they are wanted', async () => {
    const configuration = {
      id: 'c',
      labels: { site: 'x' },
      content: { modulesContent: { $edgeAgent: {} } },
      metrics: { results: {}, queries: { q: 'SELECT' } },
      etag: 'MQ==',
    };
    const without = await exported({ outputBlobName: 'fleet.txt' }, fleet(), [configuration]);
    expect([...without.blobs.keys()]).toEqual(['fleet.txt']);
    const { lines } = await exported({ configurationsBlobName: 'c.txt' }, fleet(), [configuration]);
    expect(lines('c.txt').map((line) => JSON.parse(line))).toEqual([
      {
        Id: 'c',
        Labels: { site: 'x' },
        Content: { ModulesContent: { $edgeAgent: {} } },
        Metrics: { Results: {}, Queries: { q: 'SELECT' } },
        ETag: 'MQ==',
      },
    ]);
  });

  it('of many devices tells how far it is, and leaves nothing when it is cancelled', async () => {
    const registry = testRegistry();
    for (let at = 0; at < 1200; at += 1) registry.put({ ...wantedDevice, deviceId: `d${at}` });
    expect((await exported({}, registry)).shares).toEqual([500 / 1200, 1000 / 1200, 1]);
    const container = containerInMemory();
    const stop = new AbortController();
    const { run } = await openExport(
      defaults,
      async () => container,
      () => [],
    );
    await expect(run({ registry, signal: stop.signal, progressed: async () => stop.abort() })).rejects.toThrow(/abort/);
    expect([...container.blobs.keys()]).toEqual([]);
  });

  it('of an empty hub is an empty blob', async () => {
    expect((await exported({}, testRegistry())).blobs.get('devices.txt')).toBe('');
  });
});

const wantedDevice = {
  status: 'enabled',
  statusReason: null,
  authentication: undefined,
  edge: false,
  deviceScope: undefined,
  parentScopes: undefined,
} as const;
