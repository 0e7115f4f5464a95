import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { Fault } from '../../src/model/fault.ts';
import { runFault } from '../../src/run/faults.ts';
import { readPlanFile, writePlanFile } from '../../src/run/plan-file.ts';
import { unread } from '../../src/run/unread.ts';
import { runOn } from '../apply/runs.ts';
import { digest } from '../plan/devices.ts';
import { faultIn, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { fc } from '../support/property.ts';

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
    // The second time everything is as planned already.
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
    const path = join(folder, 'out', 'plan.json');
    const why = `ENOTDIR: not a directory, lstat '${path}'`;
    expect(report.faults.map(said)).toEqual([said(runFault('plan-not-written', { path, why }))]);
  });

  it('that cannot be read ends the run before a hub is asked', async () => {
    const folder = manifest(folderWith({ 'out/plan.json': '{}' }), { id: 'a' });
    const before = hubs[0].counts().requests;
    const report = await run('apply', folder);
    expect(report.result).toBe('failed');
    const path = join(folder, 'out', 'plan.json');
    expect(report.faults.map(said)).toEqual([said(runFault('plan-version', { path, expected: 1 }))]);
    expect(hubs[0].counts().requests).toBe(before);
  });
});

describe('a plan file', () => {
  const field = { field: 'status', before: null, after: 'enabled' };
  const change = { device: 'a', kind: 'create', fields: [field] };
  const document = (parts: object) => JSON.stringify({ version: 1, hubs: [], ...parts });
  const withChange = (parts: object) => document({ hubs: [{ hub: 'h', changes: [{ ...change, ...parts }] }] });

  it('is read as it was written', () => {
    const deep = join(folderWith(), 'deep', 'plan.json');
    const plan = { version: 1, hubs: [{ hub: 'h', changes: [{ ...change, kind: 'update' as const }] }] } as const;
    writePlanFile(deep, plan, folderWith());
    expect(readPlanFile(deep, folderWith())).toEqual(plan);
  });

  const path = (folder = folderWith()) => join(folder, 'plan.json');
  const version = (given?: number) => (at: string) =>
    runFault('plan-version', { path: at, ...(given === undefined ? {} : { version: given }), expected: 1 });
  const hubMalformed = (index: number) => (at: string) => runFault('plan-hub-malformed', { path: at, index });

  it.each<[string, string, (at: string) => Fault]>([
    ['a list', '[]', (at) => runFault('plan-not-an-object', { path: at })],
    ['no version', '{"hubs": []}', version()],
    ['another version', document({ version: 2 }), version(2)],
    ['the version as text', document({ version: 'a secret' }), version()],
    ['no hubs', document({ hubs: null }), (at) => runFault('plan-hubs-not-a-list', { path: at })],
    ['a hub that is none', document({ hubs: [{ hub: 'h', changes: [] }, 'h'] }), hubMalformed(1)],
    ['a change without a device', withChange({ device: 7 }), hubMalformed(0)],
    ['an unknown kind', withChange({ kind: 'wipe' }), hubMalformed(0)],
    ['no fields', withChange({ fields: {} }), hubMalformed(0)],
    ['a field that is none', withChange({ fields: [{ ...field, after: { run: 'this' } }] }), hubMalformed(0)],
    ['a field without a value', withChange({ fields: [{ field: 'status', after: null }] }), hubMalformed(0)],
  ])('with %s in it is a fault of usage', (_, text, expected) => {
    const file = path(folderWith({ 'plan.json': text }));
    expect(refusal(file)).toEqual(said(expected(file)));
  });

  it.each([
    ['nothing', ''],
    ['something else', 'SharedAccessKey=c2VjcmV0'],
  ])('with %s in it is no JSON, and nothing of it is told', async (_, text) => {
    const folder = folderWith({ 'plan.json': text });
    const file = path(folder);
    expect(refusal(file)).toEqual(said(runFault('plan-not-json', { path: file })));
    const { cause } = faultIn(() => readPlanFile(file, folder));
    expect(cause).toBeUndefined();
  });

  it('that is not there, is a folder or is too large is a fault of usage', () => {
    const folder = folderWith({ 'large.json': '' });
    mkdirSync(join(folder, 'folder'));
    truncateSync(join(folder, 'large.json'), 256 * 1024 * 1024 + 1);
    const [nowhere, large] = [join(folder, 'nowhere.json'), join(folder, 'large.json')];
    const unreadable = (at: string, why: string) => said(runFault('plan-unreadable', { path: at, why }));
    expect(refusal(nowhere)).toEqual(unreadable(nowhere, unread.missing()));
    expect(refusal(join(folder, 'folder'))).toEqual(unreadable(join(folder, 'folder'), unread.notAFile('folder')));
    expect(refusal(large)).toEqual(unreadable(large, unread.tooLarge(268_435_457, 268_435_456)));
  });

  itNeeding(['links and modes of POSIX'], 'behind a link of the repository is neither read nor written', async () => {
    const outer = folderWith({ victim: 'SharedAccessKey=c2VjcmV0', 'repository/.git/config': 'git' });
    const folder = manifest(join(outer, 'repository'), { id: 'a' });
    for (const [target, refused] of [
      ['../victim', unread.outside()],
      ['.git/config', unread.inGit()],
    ] as const) {
      rmSync(join(folder, 'plan.json'), { force: true });
      symlinkSync(target, join(folder, 'plan.json'));
      const before = readFileSync(join(folder, 'plan.json'), 'utf8');
      const at = { path: join(folder, 'plan.json'), why: unread.link(refused) };
      const planned = await run('plan', folder, { 'plan-file': 'plan.json' });
      expect(planned.faults.map(said)).toEqual([said(runFault('plan-refused', at))]);
      const applied = await run('apply', folder, { 'plan-file': 'plan.json' });
      expect(applied.faults.map(said)).toEqual([said(runFault('plan-unreadable', at))]);
      expect(readFileSync(join(folder, 'plan.json'), 'utf8')).toBe(before);
    }
    expect(hubs[0].registry.all()).toEqual([]);
  });

  it('is a plan or a fault, whatever is in it', () => {
    const root = folderWith();
    const file = path(root);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((hubs) => `{"version":1,"hubs":${hubs}}`),
        ),
        (text) => {
          writeFileSync(file, text);
          try {
            expect(readPlanFile(file, root).version).toBe(1);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(Fault);
          }
        },
      ),
    );
  });

  function refusal(file: string) {
    const fault = said(faultIn(() => readPlanFile(file, dirname(file))));
    expect(fault).toMatchObject({ kind: 'usage', remedy: expect.stringContaining('plan-file') });
    return fault;
  }
});
