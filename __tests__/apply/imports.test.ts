import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut } from '../../src/apply/all-hubs.ts';
import { apply } from '../../src/apply/apply.ts';
import { importsFrom } from '../../src/apply/imports.ts';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import { progressText } from '../../src/apply/progress-texts.ts';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';
import { parseCapacity } from '../../src/model/capacity.ts';
import type { Identity } from '../../src/model/identity.ts';
import { markOf, type Owner, ownerTag } from '../../src/model/owner.ts';
import type { Change, DeviceOutcome } from '../../src/model/plan.ts';
import { plan } from '../../src/plan/plan.ts';
import { sumLines, sums } from '../../src/report/sums.ts';
import { call } from '../emulator/clients.ts';
import { importRig, newContainer, type Rig, type RigOptions } from '../hub/import/imports.ts';
import { digest, idOf, ours, twinOf, type WantedIdentity, wanted } from '../plan/devices.ts';
import { reportOf } from '../report/reports.ts';
import { type BlobService, startBlobService } from '../support/blob-service.ts';
import { pressed } from './rig.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

/** Jobs from 1,000 devices on. */
const capacity = parseCapacity('S1x1', 'test');
function fleet(count: number, parts: WantedIdentity = {}): readonly Identity[] {
  const each = wanted(parts);
  return Array.from({ length: count }, (_, n) => ({ ...each, device: { ...each.device, id: idOf(`edge-${n}`) } }));
}

async function rigged(options: Partial<RigOptions> = {}): Promise<Rig> {
  const { url } = await newContainer(blobs);
  return importRig(blobs, { url, ...options });
}

async function planned({ registry }: Rig, identities: readonly Identity[], owner?: Owner): Promise<readonly Change[]> {
  const ids = identities.map(({ device }) => device.id);
  const found = await registry.read(ids, {
    tags: identities.some(({ device }) => device.tags !== undefined) ? 'all' : 'none',
  });
  const maxChanges = { kind: 'share', share: 1, text: '100%' } as const;
  return plan(registry.host, identities, found, {
    adopt: true,
    allowLockout: true,
    maxChanges,
    ...(owner === undefined ? {} : { owner }),
  }).value;
}

let time = 0;
/** A clock that nobody has to wait for: paced to its quota a hub of this size takes a minute for a bulk. */
function minutes(): number {
  time += 60_000;
  return time;
}

const options = ({ stop, told }: Rig) => ({
  now: minutes,
  sleep: async () => {},
  random: () => 0.5,
  stop,
  capacity,
  progress: () => {},
  importing: (text: string) => void told.push(text),
});

async function applied(rig: Rig, changes: readonly Change[]) {
  const { outcomes, fault } = await apply(changes, rig.registry, options(rig));
  expect(outcomes).toHaveLength(changes.filter(({ kind }) => kind !== 'unchanged').length);
  expect(JSON.stringify([outcomes, rig.told, fault?.message])).not.toMatch(/sig=(?!\*\*\*)/);
  return { outcomes, fault, of: (id: string) => outcomes.find(({ device }) => device === id) };
}

const results = (outcomes: readonly DeviceOutcome[]) => {
  const counts: Record<string, number> = {};
  for (const { result } of outcomes) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
};
const reads = ({ calls }: Rig) => calls.filter(({ method, path }) => method === 'GET' && path.startsWith('/devices/'));

/** Devices with the thumbprints of `old-1` and `new-2`: one is to be replaced. */
function seed({ hub }: Rig, count: number, fields: object = {}): void {
  for (let n = 0; n < count; n++) hub.registry.put({ deviceId: `edge-${n}`, ...body(), ...fields });
}

function body() {
  const x509Thumbprint = { primaryThumbprint: digest('old-1'), secondaryThumbprint: digest('new-2') };
  return { capabilities: { iotEdge: true }, status: 'enabled', authentication: { type: 'selfSigned', x509Thumbprint } };
}

function change({ hub }: Rig, id: string, fields: object): void {
  hub.registry.put({ deviceId: id, deviceScope: hub.registry.get(id)?.deviceScope, ...body(), ...fields });
}

describe('large changes go by import jobs', () => {
  it('creates with their tags: no registry operation, and nothing is left to do', async () => {
    const rig = await rigged();
    const identities = fleet(1200, { tags: { site: 'berlin' } });
    const { outcomes, fault } = await applied(rig, await planned(rig, identities));
    expect([results(outcomes), fault]).toEqual([{ created: 1200 }, undefined]);
    expect(outcomes.every(({ tags }) => tags === 'written')).toBe(true);
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1200, registryWrites: 0 });
    expect((await planned(rig, identities)).every(({ kind }) => kind === 'unchanged')).toBe(true);
  });

  it('children after their parents: each level that is large enough by a job of its own', async () => {
    const rig = await rigged();
    const children = fleet(1100, { parent: 'gateway' });
    const { outcomes } = await applied(rig, await planned(rig, [wanted({ id: 'gateway' }), ...children]));
    expect(results(outcomes)).toEqual({ created: 1101 });
    const { deviceScope } = rig.hub.registry.get('gateway')!;
    expect(rig.hub.registry.all().filter(({ parentScopes }) => parentScopes?.[0] === deviceScope)).toHaveLength(1100);
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1100, registryWrites: 1 });
  });

  it('updates with the etag that was read: what somebody changed meanwhile stays, and fails with the difference', async () => {
    const rig = await rigged();
    seed(rig, 1050);
    const changes = await planned(rig, fleet(1050));
    change(rig, 'edge-3', { status: 'disabled', statusReason: 'stolen' });
    change(rig, 'edge-4', {}); // nothing but the etag
    rig.hub.registry.remove('edge-5');
    const { outcomes, of } = await applied(rig, changes);
    expect(results(outcomes)).toEqual({ updated: 1048, failed: 2 });
    expect(of('edge-3')?.reason).toBe(
      outcomeReason.changedSincePlanned({
        moved: [
          { field: 'status', before: 'enabled', after: 'disabled' },
          { field: 'statusReason', before: null, after: 'stolen' },
        ],
      }),
    );
    expect(of('edge-5')?.reason).toBe(outcomeReason.deleted());
    expect(rig.hub.registry.get('edge-3')).toMatchObject({ status: 'disabled', statusReason: 'stolen' });
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1050, registryWrites: 1 });
  });

  it('50 planted devices among 10,000 that the plan did not know fail alone, each with its reason', async () => {
    const rig = await rigged();
    const changes = await planned(rig, fleet(10_000));
    for (let n = 0; n < 50; n++) change(rig, `edge-${n * 200}`, {});
    const { outcomes, of } = await applied(rig, changes);
    expect(results(outcomes)).toEqual({ created: 9950, failed: 50 });
    expect(outcomes.filter(({ result }) => result === 'failed').map(({ device }) => device)).toEqual(
      Array.from({ length: 50 }, (_, n) => `edge-${n * 200}`),
    );
    expect(of('edge-200')?.reason).toBe(
      outcomeReason.idTaken({
        left: [{ field: 'primaryThumbprint', before: digest('old-1'), after: digest('new-1') }],
      }),
    );
  });

  it.each(['disable', 'delete'] as const)(
    'no removals, whose marks could change while a job waits: %s',
    async (kind) => {
      const rig = await rigged();
      seed(rig, 1001);
      for (const { device } of fleet(1001)) rig.hub.registry.patchTwin(device.id, { tags: twinOf(ours).tags });
      const found = await rig.registry.read(fleet(1001).map(({ device }) => device.id));
      const removals = [...found.values()].map((device): Change => {
        return { kind, id: device.id, hub: rig.registry.host, owner: ours, found: device, reasons: [] };
      });
      change(rig, 'edge-7', { status: 'disabled', statusReason: 'somebody' });
      const { outcomes, of } = await applied(rig, removals);
      expect(results(outcomes)).toEqual({ removed: 1000, failed: 1 });
      expect(of('edge-7')?.reason).toBe(
        outcomeReason.changedBeforeRemoval({
          moved: [
            { field: 'status', before: 'enabled', after: 'disabled' },
            { field: 'statusReason', before: null, after: 'somebody' },
          ],
        }),
      );
      expect(rig.hub.counts()).toMatchObject({ importedLines: 0, registryWrites: 1000 });
      const left = rig.hub.registry.all().filter(({ status }) => status === 'enabled' || kind === 'delete');
      expect(left).toHaveLength(kind === 'delete' ? 1 : 0);
    },
  );
});

describe('the mark of the owner', () => {
  const tagsOf = ({ hub }: Rig, id: string) => Object(hub.registry.twin(id)).tags;
  const isMarked = (entry: unknown) => Object.hasOwn(Object(Object(entry).tags), ownerTag);

  it('comes with the lines of a job, beside the tags: no further call', async () => {
    const lines: unknown[] = [];
    const rig = await rigged({ refuseLine: (line) => void lines.push(line) });
    const identities = [...fleet(1000), wanted({ id: 'tagged', tags: { site: 'berlin' } })];
    const { outcomes, fault } = await applied(rig, await planned(rig, identities, ours));
    expect([results(outcomes), fault]).toEqual([{ created: 1001 }, undefined]);
    expect(lines.filter(isMarked)).toHaveLength(1001);
    expect(tagsOf(rig, 'edge-7')).toEqual({ [ownerTag]: markOf(ours) });
    expect(tagsOf(rig, 'tagged')).toEqual({ site: 'berlin', provisionIotEdge: ['site'], [ownerTag]: markOf(ours) });
    expect(outcomes.filter(({ owner }) => owner !== undefined)).toEqual([]);
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1001, registryWrites: 0, twinWrites: 0 });
    const found = await planned(rig, identities, ours);
    expect(found.every(({ kind }) => kind === 'unchanged')).toBe(true);
  });

  it('that a job is refused for lack of rights is left out: these devices are sent once more, and named', async () => {
    const refusals: unknown[] = [];
    const rig = await rigged({
      refuseLine: (line) =>
        isMarked(line) && Number(String(line.id).slice(5)) < 120 ? 'IotHubUnauthorizedAccess' : undefined,
      disturb: ({ path, body }) => {
        if (path !== '/devices' || !Array.isArray(body) || !body.some(isMarked)) return undefined;
        refusals.push(body);
        return { kind: 'refuse', code: 'IotHubUnauthorizedAccess' };
      },
    });
    const { outcomes, fault } = await applied(rig, await planned(rig, fleet(1100), ours));
    expect([results(outcomes), fault]).toEqual([{ created: 1100 }, undefined]);
    const unmarked = outcomes.filter(({ owner }) => owner === 'refused').map(({ device }) => device);
    expect(unmarked).toEqual(fleet(120).map(({ device }) => device.id));
    expect(refusals.flat()).toHaveLength(120);
    expect([tagsOf(rig, 'edge-7'), tagsOf(rig, 'edge-120')]).toEqual([undefined, { [ownerTag]: markOf(ours) }]);
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1100, registryWrites: 120 });
    const report = reportOf({ command: 'apply', result: 'changed', outcomes });
    expect(sumLines(report)).toContain(sums.refused(120));
  });

  it('is no reason to send a device again that is refused without it too', async () => {
    const rig = await rigged({
      refuseLine: ({ id }) => (id === 'edge-3' ? 'IotHubUnauthorizedAccess' : undefined),
      disturb: ({ path }) => (path === '/devices' ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined),
    });
    const { outcomes } = await applied(rig, await planned(rig, fleet(1000), ours));
    expect(results(outcomes)).toEqual({ created: 999, failed: 1 });
    expect(rig.calls.filter(({ path }) => path === '/devices')).toHaveLength(2);
    const other = await rigged({ refuseLine: ({ id }) => (id === 'edge-3' ? 'IotHubUnauthorizedAccess' : undefined) });
    expect(results((await applied(other, await planned(other, fleet(1000)))).outcomes)).toEqual({
      created: 999,
      failed: 1,
    });
    expect(other.calls.filter(({ path }) => path === '/devices')).toEqual([]);
  });
});

describe('a job that breaks off', () => {
  it('leaves open what it wrote: that is read by query, and another job does the rest', async () => {
    let hub: EmbeddedHub | undefined;
    let cancelled = 0;
    const rig = await rigged({
      waiting: ({ told }) => {
        const id = /job ([0-9a-f-]{36})$/.exec(told.at(-1) ?? '')?.[1];
        if (hub !== undefined && id !== undefined && cancelled++ === 0) void call(hub, 'DELETE', `/jobs/${id}`);
      },
    });
    hub = rig.hub;
    const identities = fleet(10_000);
    const { outcomes, fault } = await applied(rig, await planned(rig, identities));
    expect([results(outcomes), fault]).toEqual([{ created: 10_000 }, undefined]);
    expect(rig.told).toContain(progressText.readingBack({ devices: 10_000 }));
    expect(reads(rig)).toEqual([]);
    expect((await planned(rig, identities)).every(({ kind }) => kind === 'unchanged')).toBe(true);
  });

  it('after all was written is found out by query', async () => {
    const rig = await rigged({
      disturb: ({ path }) => (/^\/jobs\/.{36}$/.test(path) ? { kind: 'refuse', code: 'JobNotFound' } : undefined),
    });
    seed(rig, 1000);
    const { outcomes } = await applied(rig, await planned(rig, fleet(1000)));
    expect(results(outcomes)).toEqual({ updated: 1000 });
    expect(rig.hub.counts()).toMatchObject({ importedLines: 1000, registryWrites: 0 });
    expect(reads(rig)).toEqual([]);
  });

  it('again and again gives way to bulks', async () => {
    const rig = await rigged({
      disturb: ({ path }) => (path === '/jobs/create' ? { kind: 'close', when: 'before' } : undefined),
    });
    seed(rig, 500);
    const { outcomes } = await applied(rig, await planned(rig, fleet(1000)));
    expect(results(outcomes)).toEqual({ created: 500, updated: 500 });
    expect(rig.hub.counts()).toMatchObject({ importedLines: 0, registryWrites: 1000 });
  });

  it('because the run is stopped: unknown, with what became of the job; children are not tried', async () => {
    const rig = await rigged({ waiting: ({ stop }) => stop.press('time limit', { hurried: false }) });
    const identities = [...fleet(1000), wanted({ id: 'child', parent: 'edge-1' })];
    const { outcomes, fault, of } = await applied(rig, await planned(rig, identities));
    expect(results(outcomes)).toEqual({ unknown: 1000, failed: 1 });
    const stopped = pressed('time limit').fault().message;
    expect(of('edge-1')?.reason?.startsWith(`${stopped}; `)).toBe(true);
    expect(of('edge-1')?.reason).toMatch(/ import job [0-9a-f-]{36} was cancelled/);
    const why = of('edge-1')?.reason ?? '';
    expect(of('child')?.reason).toBe(outcomeReason.parentFailed({ parent: 'edge-1', why }));
    expect(fault?.kind).toBe('stopped');
  });
});

describe('a container or a hub that refuses', () => {
  it('ends the run with the remedy: nothing was written, parents and children alike', async () => {
    const rig = await rigged({
      disturb: ({ path }) =>
        path === '/jobs/create' ? { kind: 'refuse', code: 'BlobContainerValidationError' } : undefined,
    });
    const identities = [...fleet(1000), wanted({ id: 'child', parent: 'edge-1' })];
    const { outcomes, fault } = await applied(rig, await planned(rig, identities));
    expect(results(outcomes)).toEqual({ failed: 1001 });
    expect(new Set(outcomes.map(({ reason }) => reason))).toEqual(new Set([fault?.message]));
    expect(fault?.message).toContain(`${rig.registry.host} `);
    expect(fault?.message).toMatch(/ import container http.*BlobContainerValidationError/);
    expect(rig.hub.registry.all()).toEqual([]);
  });
});

describe('smaller changes stay with bulks', () => {
  it.each([
    [undefined, 10_000],
    ['S1x1', 1000],
    ['S1x10', 10_000],
    ['S3x1', 50_000],
  ])('on a hub of %s those under %i', (size, from) => {
    expect(importsFrom(size === undefined ? undefined : parseCapacity(size, 'test'))).toBe(from);
  });

  it('and say so', async () => {
    const rig = await rigged();
    const said: string[] = [];
    const changes = await planned(rig, fleet(20));
    const progress = {
      phase: (text: string) => said.push(text),
      waiting: () => {},
      warning: () => {},
      written: () => {},
    };
    const world = { ...options(rig), now: () => new Date(minutes()), progress };
    const registries = new Map([[rig.registry.host, rig.registry]]);
    const { outcomes } = await carryOut(changes, { hubCapacity: capacity }, world, registries);
    expect(results(outcomes)).toEqual({ created: 20 });
    const hub = rig.registry.host;
    expect(said[0]).toBe(
      progressText.byBulks({ hub, operations: 20, minutes: 0.2, perMinute: 100, capacity, importsFrom: 1000 }),
    );
    expect(rig.calls.some(({ path }) => path.startsWith('/jobs'))).toBe(false);
    await carryOut(await planned(rig, fleet(1050)), { hubCapacity: capacity }, world, registries);
    expect(said[1]).toBe(progressText.byImportJobs({ hub, devices: 1030 }));
    expect(said[2]).toMatch(/ 1,030 devices .*import container/);
  });
});
