import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { Fault } from '../../src/model/fault.ts';
import { readPlanFile, writePlanFile } from '../../src/run/plan-file.ts';
import { runOn } from '../apply/runs.ts';
import { digest } from '../plan/devices.ts';
import { folderWith } from '../support/folder.ts';

let hubs: readonly [EmbeddedHub, EmbeddedHub];
beforeAll(async () => {
  hubs = [await startHub(), await startHub()];
});
afterAll(async () => {
  for (const hub of hubs) await hub.close();
});
beforeEach(() => {
  for (const hub of hubs) hub.reset();
});

interface Device {
  readonly id: string;
  readonly hub?: number;
  readonly status?: 'enabled' | 'disabled';
  readonly site?: string;
}

/** A folder with a manifest of these devices, of the first hub if they name none. */
function manifest(folder: string, ...devices: readonly Device[]): string {
  const written = devices.map(({ id, hub = 0, status, site }) => ({
    id,
    hub: hubs[hub]?.host,
    thumbprints: { primary: digest(`${id}-1`), secondary: digest(`${id}-2`) },
    runtime: { version: '1.1', platform: 'debian' },
    ...(status === undefined ? {} : { status }),
    ...(site === undefined ? {} : { tags: { site } }),
  }));
  writeFileSync(join(folder, 'devices.json'), JSON.stringify({ version: 1, devices: written }));
  return folder;
}

const run = (command: string, folder: string, more = {}) => {
  return runOn(hubs, folder, { command, manifest: 'devices.json', 'plan-file': 'out/plan.json', ...more });
};

describe('an approved plan', () => {
  it('is written by plan, and apply goes on as long as nothing else is planned', async () => {
    const folder = manifest(folderWith(), { id: 'a', site: 'berlin' }, { id: 'b', hub: 1 });
    const planned = await run('plan', folder);
    expect(planned).toMatchObject({ result: 'changes', planFile: join(folder, 'out', 'plan.json') });
    const written = JSON.parse(readFileSync(join(folder, 'out', 'plan.json'), 'utf8'));
    expect(written.hubs.map(({ hub }: { hub: string }) => hub)).toEqual(hubs.map(({ host }) => host));
    expect((await run('apply', folder)).result).toBe('changed');
    // Once more: all of it is in effect, and nothing is to be written.
    expect((await run('apply', folder)).result).toBe('unchanged');
  });

  it('that says something else stops everything, and every device is named', async () => {
    const folder = manifest(folderWith(), { id: 'a' }, { id: 'b', hub: 1 });
    await run('plan', folder);
    manifest(folder, { id: 'a', status: 'disabled' }, { id: 'c', hub: 1 });
    const report = await run('apply', folder);
    expect(report).toMatchObject({ result: 'invalid', outcomes: [], bundles: [] });
    expect(
      report.findings.filter(({ severity }) => severity === 'error').map(({ device, rule }) => [device, rule]),
    ).toEqual([
      ['b', 'plan/differs-from-approved'],
      ['a', 'plan/differs-from-approved'],
      ['c', 'plan/differs-from-approved'],
    ]);
    for (const hub of hubs) expect(hub.registry.all()).toEqual([]);
  });

  it('of several hubs is compared for those of the run alone', async () => {
    const folder = manifest(folderWith(), { id: 'a' }, { id: 'b', hub: 1 });
    await run('plan', folder);
    for (const hub of hubs) expect((await run('apply', folder, { 'only-hub': hub.host })).result).toBe('changed');
  });

  it('of one hub approves nothing on another', async () => {
    const folder = manifest(folderWith(), { id: 'a' }, { id: 'b', hub: 1 });
    await run('plan', folder, { 'only-hub': hubs[0].host });
    const report = await run('apply', folder);
    expect(report.result).toBe('invalid');
    expect(report.findings.map(({ rule, device }) => [rule, device])).toContainEqual([
      'plan/differs-from-approved',
      'b',
    ]);
    expect(report.findings.filter(({ device }) => device === 'a')).toEqual([]);
  });

  it('is no plan that may not be carried out: it is not written', async () => {
    const folder = manifest(folderWith(), { id: 'a' });
    hubs[0].registry.put({ deviceId: 'a', status: 'enabled', capabilities: { iotEdge: false } });
    const report = await run('plan', folder);
    expect(report.result).toBe('invalid');
    expect(report.planFile).toBeUndefined();
    expect(() => readFileSync(join(folder, 'out', 'plan.json'))).toThrow(/ENOENT/);
  });

  it('is not needed, and not written where nobody asks for it', async () => {
    const folder = manifest(folderWith(), { id: 'a' });
    expect((await run('plan', folder, { 'plan-file': '' })).planFile).toBeUndefined();
    expect((await run('apply', folder, { 'plan-file': '' })).result).toBe('changed');
  });

  it('that cannot be written is a fault beside the plan', async () => {
    const folder = manifest(folderWith({ out: 'a file' }), { id: 'a' });
    const report = await run('plan', folder);
    expect(report).toMatchObject({ result: 'changes', changes: [{ id: 'a' }] });
    expect(report.faults[0]?.message).toContain('the plan cannot be written to');
  });

  it('that cannot be read ends the run before a hub is asked', async () => {
    const folder = manifest(folderWith({ 'out/plan.json': '{}' }), { id: 'a' });
    const before = hubs[0].counts().requests;
    const report = await run('apply', folder);
    expect(report.result).toBe('failed');
    expect(report.faults).toMatchObject([{ kind: 'usage', message: expect.stringContaining('expected 1') }]);
    expect(hubs[0].counts().requests).toBe(before);
  });
});

describe('a plan file', () => {
  const field = { field: 'status', before: null, after: 'enabled' };
  const change = { device: 'a', kind: 'create', fields: [field] };
  const document = (parts: object) => JSON.stringify({ version: 1, hubs: [], ...parts });
  const withChange = (parts: object) => document({ hubs: [{ hub: 'h', changes: [{ ...change, ...parts }] }] });

  it('is read as it was written', async () => {
    const path = join(folderWith(), 'deep', 'plan.json');
    const plan = { version: 1, hubs: [{ hub: 'h', changes: [{ ...change, kind: 'update' as const }] }] } as const;
    await writePlanFile(path, plan);
    expect(readPlanFile(path)).toEqual(plan);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'is no JSON'],
    ['something else', 'name: plan', 'is no JSON'],
    ['a list', '[]', 'is no plan: expected a JSON object'],
    ['no version', '{"hubs": []}', 'has the version none, expected 1'],
    ['another version', document({ version: 2 }), 'has the version 2, expected 1'],
    ['the version as text', document({ version: '1' }), 'has the version "1", expected 1'],
    ['no hubs', document({ hubs: null }), 'is no plan: hubs is no list'],
    ['a hub that is none', document({ hubs: [{ hub: 'h', changes: [] }, 'h'] }), 'hubs[1] is no hub with its changes'],
    ['a change without a device', withChange({ device: 7 }), 'hubs[0] is no hub'],
    ['an unknown kind', withChange({ kind: 'wipe' }), 'hubs[0] is no hub'],
    ['no fields', withChange({ fields: {} }), 'hubs[0] is no hub'],
    ['a field that is none', withChange({ fields: [{ ...field, after: { run: 'this' } }] }), 'hubs[0] is no hub'],
    ['a field without a value', withChange({ fields: [{ field: 'status', after: null }] }), 'hubs[0] is no hub'],
  ])('with %s in it is a fault of usage', (_, text, message) => {
    expect(faultOf(join(folderWith({ 'plan.json': text }), 'plan.json')).message).toContain(message);
  });

  it('that is not there, is a folder or is too large is a fault of usage', () => {
    const folder = folderWith({ 'large.json': '' });
    mkdirSync(join(folder, 'folder'));
    truncateSync(join(folder, 'large.json'), 256 * 1024 * 1024 + 1);
    expect(faultOf(join(folder, 'nowhere.json')).message).toContain('cannot be read: ENOENT');
    expect(faultOf(join(folder, 'folder')).message).toContain('cannot be read: it is no file');
    expect(faultOf(join(folder, 'large.json')).message).toContain('it has 268435457 bytes, expected at most 268435456');
  });

  it('is a plan or a fault, whatever is in it', () => {
    const path = join(folderWith(), 'plan.json');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((hubs) => `{"version":1,"hubs":${hubs}}`),
        ),
        (text) => {
          writeFileSync(path, text);
          try {
            expect(readPlanFile(path).version).toBe(1);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(Fault);
          }
        },
      ),
    );
  });

  function faultOf(path: string): Fault {
    try {
      readPlanFile(path);
    } catch (thrown) {
      if (thrown instanceof Fault) {
        expect(thrown).toMatchObject({ kind: 'usage', remedy: expect.stringContaining('plan-file') });
        return thrown;
      }
    }
    throw new Error('no fault');
  }
});
