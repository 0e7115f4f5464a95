import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedHub } from '../../../src/emulator/hub.ts';
import type { Disturbance, DisturbedCall } from '../../../src/emulator/trouble/disturbance.ts';
import { unknownBulk } from '../../../src/hub/bulk.ts';
import { callFault } from '../../../src/hub/calls/faults.ts';
import { importFault } from '../../../src/hub/import/faults.ts';
import { importProgress, unknownOutcome } from '../../../src/hub/import/progress.ts';
import type { RegistryWrite } from '../../../src/model/registry.ts';
import { call } from '../../emulator/clients.ts';
import { type BlobService, startBlobService } from '../../support/blob-service.ts';
import { anyText, withAnyText } from '../answers.ts';
import { create, deviceId } from '../devices.ts';
import { importRig, newContainer } from './imports.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

const fleet = (count: number) => Array.from({ length: count }, (_, n) => create(`edge-${n}`));
const put = (blob: string, body: string) =>
  fetch(blobs.url(blob, 'cw'), { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body });
const remove = (blob: string) =>
  fetch(blobs.url(blob, 'd'), { method: 'DELETE', headers: { 'x-ms-delete-snapshots': 'include' } });
const uuid = /[0-9a-f-]{36}/;
/** The id of the job that the hub was asked about. */
const jobIdIn = (calls: readonly DisturbedCall[]) =>
  calls.map(({ path }) => /^\/jobs\/(.{36})$/.exec(path)?.[1]).find((id) => id !== undefined) ?? 'none';

describe('an import job', () => {
  it('creates, updates, disables and deletes, each by its etag, and leaves nothing behind', async () => {
    const { url } = await newContainer(blobs);
    const { hub, registry, write, left, told, calls } = await importRig(blobs, { url });
    await registry.write([create('old'), create('gone'), create('off'), create('parent')]);
    const found = await registry.read(['old', 'gone', 'off', 'parent'].map(deviceId));
    const [old, gone, off, parent] = [...found.values()];
    const writes: readonly RegistryWrite[] = [
      { ...create('new'), registration: { ...create('new').registration, tags: { site: 'berlin\u2028"x"' } } },
      {
        mode: 'create',
        registration: { ...create('child').registration, parentScopes: [parent!.deviceScope!] },
      },
      {
        mode: 'update',
        registration: { ...create('old', 'C').registration, deviceScope: old!.deviceScope!, statusReason: 'repair' },
        etag: old!.etag,
      },
      { mode: 'disable', found: off!, statusReason: 'removed' },
      { mode: 'delete', found: gone! },
    ];
    expect(await write(writes)).toEqual(
      ['new', 'child', 'old', 'off', 'gone'].map((id) => ({ id, answer: 'applied' })),
    );
    expect(hub.registry.twin('new')).toMatchObject({ tags: { site: 'berlin\u2028"x"' } });
    expect(hub.registry.get('child')?.parentScopes).toEqual([parent!.deviceScope]);
    expect(hub.registry.get('old')).toMatchObject({ statusReason: 'repair', deviceScope: old!.deviceScope });
    expect(hub.registry.get('off')).toMatchObject({ status: 'disabled', statusReason: 'removed' });
    expect(hub.registry.get('gone')).toBeUndefined();
    expect(hub.counts()).toMatchObject({ importedLines: 5, registryWrites: 4 });
    expect(await left()).toEqual([]);
    expect(told.slice(0, 2)).toEqual([
      importProgress.sending(5),
      importProgress.importing(hub.host, 5, jobIdIn(calls)),
    ]);
    expect(jobIdIn(calls)).toMatch(uuid);
    expect(told.join()).not.toMatch(/sig=/);
  });

  it('is not asked for where there is nothing to write', async () => {
    const { url } = await newContainer(blobs);
    const { write, calls } = await importRig(blobs, { url });
    expect(await write([])).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('tells of each device of 10,000 what became of it: 50 planted ones fail, alone', {
    timeout: 300_000,
  }, async () => {
    const { url } = await newContainer(blobs);
    const { hub, registry, write, left } = await importRig(blobs, { url });
    const planted = Array.from({ length: 50 }, (_, n) => `edge-${n * 200}`);
    await registry.write(planted.map((id) => create(id, 'F')));
    const stale = planted.slice(0, 10).map((id): RegistryWrite => {
      const { registration } = create(id, 'C');
      return { mode: 'update', registration, etag: 'c3RhbGU=' };
    });
    const updated = new Set(stale.map((one) => ('registration' in one ? one.registration.id : '')));
    const writes = [...fleet(10_010).filter(({ registration }) => !updated.has(registration.id)), ...stale];
    const answers = await write(writes);
    expect(answers).toHaveLength(10_010);
    const refused = answers.flatMap((answer) => (answer.answer === 'refused' ? [[answer.id, answer.code]] : []));
    expect(refused.sort()).toEqual(planted.map((id) => [id, updated.has(deviceId(id)) ? 'changed' : 'exists']).sort());
    expect(answers.filter(({ answer }) => answer === 'applied')).toHaveLength(9_960);
    expect(hub.registry.all()).toHaveLength(10_010);
    expect(hub.registry.get('edge-200')).toMatchObject({
      authentication: { x509Thumbprint: { primaryThumbprint: 'F'.repeat(40) } },
    });
    expect(await left()).toEqual([]);
  });

  it('waits until another job of the hub has ended, and says so', async () => {
    const { url } = await newContainer(blobs);
    let others = 3;
    const { hub, write, told } = await importRig(blobs, {
      url,
      disturb: ({ path }) =>
        path === '/jobs/create' && others-- > 0 ? { kind: 'refuse', code: 'JobQuotaExceeded' } : undefined,
    });
    expect(await write([create('a')])).toEqual([{ id: 'a', answer: 'applied' }]);
    expect(told.filter((text) => text === importProgress.waitingForJob(hub.host))).toHaveLength(1);
  });

  it('of two hubs takes its turn in their one container, so that none takes the errors of the other', async () => {
    const { url, name } = await newContainer(blobs);
    const rigs = await Promise.all([importRig(blobs, { url }), importRig(blobs, { url })]);
    await rigs[0]!.registry.write([create('edge-7')]);
    const [first, second] = await Promise.all(rigs.map(({ write }) => write(fleet(2000))));
    expect(first!.filter(({ answer }) => answer !== 'applied').map(({ id }) => id)).toEqual(['edge-7']);
    expect(second!.filter(({ answer }) => answer !== 'applied')).toEqual([]);
    const waiting = rigs.flatMap(({ told }) => told).filter((text) => text === importProgress.waitingForRun());
    expect(waiting).toHaveLength(1);
    expect(await blobs.list(name)).toEqual([]);
  });

  it('does not take an older blob of errors for its own', async () => {
    const { url, name } = await newContainer(blobs);
    await put(`${name}/importErrors.log`, '{"deviceId":"a","errorCode":409001,"errorStatus":""}\n');
    const { write } = await importRig(blobs, { url });
    expect(await write([create('a')])).toEqual([{ id: 'a', answer: 'applied' }]);
  });
});

describe('what is left in the container', () => {
  it('because it could not be deleted is told, and is no fault', async () => {
    const { url, name } = await newContainer(blobs);
    const lease = { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' };
    const { write, left, told } = await importRig(blobs, {
      url,
      disturb: async ({ path }) => {
        if (!/^\/jobs\/.{36}$/.test(path)) return undefined;
        const [devices] = (await blobs.list(name)).filter((blob) => blob.endsWith('.txt'));
        await fetch(blobs.url(`${name}/${devices}?comp=lease`, 'w'), { method: 'PUT', headers: lease });
        return undefined;
      },
    });
    expect(await write([create('a')])).toEqual([{ id: 'a', answer: 'applied' }]);
    const [devices] = await left();
    const { message } = importFault('blob-call-refused', {
      url: url.replace(/\?.*/, ''),
      access: 'delete',
      answer: `412, LeaseIdMissing, ${anyText}`,
    });
    expect(devices).toMatch(uuid);
    expect(told.at(-1)).toMatch(withAnyText(importProgress.leftBehind({ blob: devices! }, message)));
  });
});

describe('nobody knows what became of the devices', () => {
  const unanswered = (count: number, message: unknown) =>
    fleet(count).map(({ registration: { id } }) => ({ id, answer: 'unanswered', message }));

  it('when the run is stopped meanwhile: the job is cancelled, and what it wrote stays', async () => {
    const { url } = await newContainer(blobs);
    const { hub, write, left, calls, stop } = await importRig(blobs, {
      url,
      waiting: (rig) => rig.stop.press('time limit', { hurried: false }),
    });
    const answers = await write(fleet(10_000));
    const jobId = jobIdIn(calls);
    expect(answers).toEqual(unanswered(10_000, unknownOutcome.stopped(jobId, stop.fault().message, true)));
    expect(stop.fault().message).toContain('time limit');
    const written = hub.registry.all().length;
    expect(written).toBeLessThan(10_000);
    expect(await left()).toEqual([]);
    await new Promise((wake) => setTimeout(wake, 50));
    expect(hub.registry.all()).toHaveLength(written);
    expect((await call(hub, 'GET', `/jobs/${jobId}`)).json).toMatchObject({ status: 'cancelled' });
  });

  it('when it cannot be cancelled either: it says so', async () => {
    const { url } = await newContainer(blobs);
    const { write, calls, stop } = await importRig(blobs, {
      url,
      waiting: (rig) => rig.stop.press('time limit', { hurried: false }),
      disturb: ({ method }) => (method === 'DELETE' ? { kind: 'close', when: 'before' } : undefined),
    });
    const answers = await write(fleet(2));
    expect(answers).toEqual(unanswered(2, unknownOutcome.stopped(jobIdIn(calls), stop.fault().message, false)));
  });

  it('when somebody cancels the job', async () => {
    const { url } = await newContainer(blobs);
    let hub: EmbeddedHub | undefined;
    const rig = await importRig(blobs, {
      url,
      waiting: ({ told }) => {
        if (hub !== undefined) void call(hub, 'DELETE', `/jobs/${uuid.exec(told.at(-1) ?? '')?.[0]}`);
      },
    });
    hub = rig.hub;
    const answers = await rig.write(fleet(10_000));
    expect(answers).toEqual(unanswered(10_000, unknownOutcome.cancelled(jobIdIn(rig.calls), undefined)));
  });

  it('when the job fails', async () => {
    const { url, name } = await newContainer(blobs);
    const rig = await importRig(blobs, {
      url,
      waiting: async () => {
        for (const blob of await blobs.list(name)) await remove(`${name}/${blob}`);
      },
    });
    const answers = await rig.write(fleet(12_000));
    const failed = withAnyText(unknownOutcome.failed(jobIdIn(rig.calls), anyText));
    expect(answers).toEqual(unanswered(12_000, expect.stringMatching(failed)));
  });

  it('when the job cannot be asked for any more', async () => {
    const { url } = await newContainer(blobs);
    const { write, calls } = await importRig(blobs, {
      url,
      disturb: ({ path }) =>
        /^\/jobs\/.{36}$/.test(path) ? { kind: 'refuse', code: 'ServerError', text: 'not now' } : undefined,
    });
    const answers = await write(fleet(1));
    expect(answers).toEqual(unanswered(1, unknownOutcome.noStatus(jobIdIn(calls), '500, ServerError, not now')));
    expect(calls.filter(({ method }) => method === 'GET')).toHaveLength(20);
  });

  it('when another run has taken the container meanwhile', async () => {
    const { url, name } = await newContainer(blobs);
    const lease = { 'x-ms-lease-action': 'break', 'x-ms-lease-break-period': '0' };
    let broken: Promise<unknown> | undefined;
    const { write, calls } = await importRig(blobs, {
      url,
      disturb: async ({ path }) => {
        if (path === '/jobs/create') {
          const held = blobs.url(`${name}/provision-iot-edge.lock?comp=lease`, 'w');
          broken = fetch(held, { method: 'PUT', headers: lease });
          expect((await broken) instanceof Response).toBe(true);
        }
        return undefined;
      },
    });
    expect(await write(fleet(1))).toEqual(unanswered(1, unknownOutcome.containerShared(jobIdIn(calls))));
  });

  it('when the errors are those of devices that were not written', async () => {
    const { url, name } = await newContainer(blobs);
    const { write } = await importRig(blobs, {
      url,
      disturb: async ({ path }) => {
        if (/^\/jobs\/.{36}$/.test(path)) await put(`${name}/importErrors.log`, 'no json\n');
        return undefined;
      },
    });
    expect(await write(fleet(1))).toEqual(unanswered(1, unknownBulk.refusedUnnamed));
  });
});

describe('a start that is not answered', () => {
  const lost = (when: 'before' | 'after') => {
    let first = true;
    return ({ path }: { path: string }): Disturbance | undefined => {
      if (path !== '/jobs/create' || !first) return undefined;
      first = false;
      return { kind: 'close', when };
    };
  };

  it('is repeated where it was not carried out', async () => {
    const { url } = await newContainer(blobs);
    const { write, hub } = await importRig(blobs, { url, disturb: lost('before') });
    expect(await write([create('a')])).toEqual([{ id: 'a', answer: 'applied' }]);
    expect(hub.counts()).toMatchObject({ importedLines: 1 });
  });

  it('finds its job where it runs', async () => {
    const { url } = await newContainer(blobs);
    const { write, hub } = await importRig(blobs, { url, disturb: lost('after') });
    const answers = await write(fleet(10_000));
    expect(answers.filter(({ answer }) => answer === 'applied')).toHaveLength(10_000);
    expect(hub.counts()).toMatchObject({ importedLines: 10_000 });
  });

  it('leaves open what became of devices that are there by then', async () => {
    const { url } = await newContainer(blobs);
    const { write, registry } = await importRig(blobs, { url, disturb: lost('before') });
    await registry.write([create('a')]);
    expect(await write([create('a')])).toEqual([{ id: 'a', answer: 'unanswered', message: expect.any(String) }]);
  });

  it('is given up after some tries, and then nobody knows', async () => {
    const { url } = await newContainer(blobs);
    const { hub, write, calls, left } = await importRig(blobs, {
      url,
      disturb: ({ path }) => (path === '/jobs/create' ? { kind: 'close', when: 'before' } : undefined),
    });
    const { message } = callFault('connection-broken', { host: hub.host, failure: anyText });
    const unknown = withAnyText(unknownOutcome.startUnknown(message));
    expect(await write([create('a')])).toMatchObject([
      { answer: 'unanswered', message: expect.stringMatching(unknown) },
    ]);
    expect(calls).toHaveLength(6);
    expect(await left()).toEqual([]);
  });
});
