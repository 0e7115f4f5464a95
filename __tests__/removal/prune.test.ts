import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { DisturbedCall } from '../../src/emulator/trouble/disturbance.ts';
import { openHistory } from '../../src/github/git/history.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import { declaredIn } from '../../src/manifest/declared.ts';
import { ownerTag } from '../../src/model/owner.ts';
import { describeReason } from '../../src/model/reasons.ts';
import type { Report } from '../../src/model/report.ts';
import { removalMark } from '../../src/plan/status.ts';
import { removalFault } from '../../src/removal/faults.ts';
import type { Difference } from '../../src/rules/plan.ts';
import { runFault } from '../../src/run/faults.ts';
import type { World } from '../../src/run/request.ts';
import type { Settings } from '../../src/run/settings.ts';
import { isBulk } from '../apply/rig.ts';
import { runOn } from '../apply/runs.ts';
import { said } from '../support/fault.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { commit, git, repositoryWith } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
const entry = (id: string) =>
  `  - { id: ${id}, thumbprints: { primary: ${digest(`${id}1`)}, secondary: ${digest(`${id}2`)} } }\n`;
const manifest = (...ids: readonly string[]) =>
  `defaults:\n  runtime: { version: "1.6", platform: debian }\ndevices:\n${ids.map(entry).join('')}`;
const many = (count: number) => Array.from({ length: count }, (_, n) => `many-${n}`);

let hub: EmbeddedHub;
let disturb: ((call: DisturbedCall) => void) | undefined;
beforeAll(async () => {
  hub = await startHub({
    disturb: (call) => {
      disturb?.(call);
      return undefined;
    },
  });
});
afterAll(() => hub.close());
beforeEach(() => {
  disturb = undefined;
  hub.reset();
});

async function run(folder: string, settings: Settings, around: Partial<World> = {}): Promise<Report> {
  const openIt = async () => openHistory(folder, 'HEAD');
  const owned = { owner: 'github.com/octo/fleet', ...settings };
  return runOn(hub, folder, owned, { openHistory: openIt, sleep: async () => {}, ...around });
}

/** Makes a repository, registers its fleet, and then declares only the devices of `left`. */
async function repository(before: readonly string[], left: readonly string[]): Promise<string> {
  const folder = repositoryWith({ 'devices.yaml': manifest(...before), '.gitignore': 'device-bundles\n' });
  expect((await run(folder, { command: 'apply' })).result).toBe('changed');
  commit(folder, 'fewer', { 'devices.yaml': manifest(...left) });
  return folder;
}

const ids = () => [...hub.registry.all()].map(({ deviceId }) => deviceId).sort();
const status = (id: string) => {
  const device = hub.registry.get(id);
  return [device?.status, device?.statusReason ?? null];
};
/** Changes a device in the hub as somebody else. */
function change(id: string, fields: object): void {
  const { etag, ...device } = { ...hub.registry.get(id) };
  hub.registry.put({ ...device, deviceId: id, ...fields });
}
const results = ({ outcomes }: Report) => Object.fromEntries(outcomes.map(({ device, result }) => [device, result]));

describeNeeding(['git'], 'removal', () => {
  it('is nothing without prune', async () => {
    const folder = await repository(['a', 'b'], ['a']);
    const report = await run(folder, { command: 'apply' });
    expect(report.result).toBe('unchanged');
    expect(ids()).toEqual(['a', 'b']);
  });

  it('disables a device that is no longer declared, keeps all else of it, and enables it when it is back', async () => {
    const folder = await repository(['a', 'b'], ['a']);
    const before = hub.registry.get('b');
    const planned = await run(folder, { command: 'plan', prune: 'disable' });
    expect(planned.changes.map(({ id, kind }) => [id, kind])).toEqual([
      ['a', 'unchanged'],
      ['b', 'disable'],
    ]);
    expect((await run(folder, { command: 'verify', prune: 'disable' })).result).toBe('drift');
    expect(status('b')).toEqual(['enabled', null]);

    const applied = await run(folder, { command: 'apply', prune: 'disable' });
    expect([applied.result, results(applied)]).toEqual(['changed', { a: 'unchanged', b: 'removed' }]);
    expect(status('b')).toEqual(['disabled', removalMark]);
    const { status: _, statusReason: __, etag: ___, statusUpdatedTime: ____, ...rest } = { ...hub.registry.get('b') };
    expect(before).toMatchObject(rest);

    expect((await run(folder, { command: 'apply', prune: 'disable' })).result).toBe('unchanged');
    expect((await run(folder, { command: 'verify', prune: 'disable' })).result).toBe('in-sync');

    commit(folder, 'b is back', { 'devices.yaml': manifest('a', 'b') });
    const back = await run(folder, { command: 'apply', prune: 'disable' });
    expect(results(back)).toEqual({ a: 'unchanged', b: 'updated' });
    expect(back.findings.filter(({ rule }) => rule === 'plan/re-enable')).toEqual([]);
    expect(status('b')[0]).toBe('enabled');
    expect(status('b')[1] ?? '').toBe('');
  });

  it('leaves a device disabled that somebody has disabled, also when it is back', async () => {
    const folder = await repository(['a', 'b'], ['a']);
    change('b', { status: 'disabled', statusReason: 'stolen' });
    expect((await run(folder, { command: 'apply', prune: 'disable' })).result).toBe('unchanged');
    commit(folder, 'b is back', { 'devices.yaml': manifest('a', 'b') });
    expect((await run(folder, { command: 'apply', prune: 'disable' })).result).toBe('unchanged');
    expect(status('b')).toEqual(['disabled', 'stolen']);
  });

  it('deletes, and never anything else in the hub', async () => {
    const folder = await repository(['a', 'b', 'c', 'd'], ['a']);
    // These two are no longer what was declared: one is not an edge device, the other has keys.
    change('c', { capabilities: { iotEdge: false }, deviceScope: undefined });
    change('d', { authentication: { type: 'sas' } });
    const stranger = repositoryWith({ 'devices.yaml': manifest('stranger'), '.gitignore': 'device-bundles\n' });
    await run(stranger, { command: 'apply' });
    const report = await run(folder, { command: 'apply', prune: 'delete' });
    expect(results(report)).toEqual({ a: 'unchanged', b: 'removed' });
    expect(ids()).toEqual(['a', 'c', 'd', 'stranger']);
    expect((await run(folder, { command: 'apply', prune: 'delete' })).result).toBe('unchanged');
  });

  it('goes by bulks of a hundred, and counts for max-changes', async () => {
    const folder = await repository(['a', ...many(250)], ['a']);
    const guarded = await run(folder, { command: 'apply', prune: 'delete' });
    expect(guarded.result).toBe('invalid');
    expect(guarded.findings.map(({ rule }) => rule)).toContain('plan/too-many-changes');
    expect(ids()).toHaveLength(251);
    const report = await run(folder, { command: 'apply', prune: 'delete', 'max-changes': '250' });
    expect(report.result).toBe('changed');
    expect(ids()).toEqual(['a']);
  });

  it('fails for a device that somebody changed meanwhile, and is repeated where nothing that matters moved', async () => {
    const folder = await repository(['a', 'b', 'c'], ['a']);
    disturb = (call) => {
      if (!isBulk(call)) return;
      disturb = undefined;
      change('b', { statusReason: 'kept for a spare part' });
      change('c', {});
    };
    const report = await run(folder, { command: 'apply', prune: 'delete' });
    expect(results(report)).toEqual({ a: 'unchanged', b: 'failed', c: 'removed' });
    const failed = report.outcomes.find(({ device }) => device === 'b');
    const moved = { field: 'statusReason', before: null, after: 'kept for a spare part' };
    expect(failed?.reason).toContain(describeReason(moved));
    expect(ids()).toEqual(['a', 'b']);
  });

  it('is refused in a shallow clone, and nothing is written', async () => {
    const folder = await repository(['a', 'b'], ['a']);
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', '--depth', '1', `file://${folder}`, clone);
    const report = await run(clone, { command: 'apply', prune: 'delete' });
    expect(report.faults[0]?.remedy).toContain('fetch-depth: 0');
    expect(ids()).toEqual(['a', 'b']);
  });

  it('is refused where the run may not read twins, and all else works', async () => {
    const folder = await repository(['a', 'b'], ['a', 'c']);
    const [credential] = readConnectionStrings(hub.connectionStrings.registryReadWrite);
    const openIt = () => openRegistry(credential!, { userAgent: 'test', ca: hub.ca, sleep: async () => {} });
    const refused = await run(folder, { command: 'apply', prune: 'delete' }, { openRegistry: openIt });
    expect(refused.faults.map(said)).toEqual([said(runFault('twins-unread', { host: hub.host }))]);
    expect(ids()).toEqual(['a', 'b']);
    const applied = await run(folder, { command: 'apply' }, { openRegistry: openIt });
    expect(results(applied)).toEqual({ a: 'unchanged', c: 'created' });
  });

  it('is refused where the run may not write twins', async () => {
    const folder = await repository(['a', 'b'], ['a', 'c']);
    const [credential] = readConnectionStrings(hub.connectionString);
    const openIt = async () => {
      const registry = await openRegistry(credential!, { userAgent: 'test', ca: hub.ca, sleep: async () => {} });
      return Object.assign(registry, { requireTagWriting: () => Promise.reject(new Error('no right')) });
    };
    const refused = await run(folder, { command: 'apply', prune: 'delete' }, { openRegistry: openIt });
    expect(refused.faults.map(said)).toEqual([said(runFault('twins-unwritten', { host: hub.host }))]);
    expect(ids()).toEqual(['a', 'b']);
    expect((await run(folder, { command: 'plan', prune: 'delete' }, { openRegistry: openIt })).faults).toEqual([]);
  });

  it('leaves devices that bear no mark of ours, names them where they are dropped, and counts them later', async () => {
    const folder = await repository(['a', 'b', 'c', 'd'], ['a', 'd']);
    hub.registry.patchTwin('b', { tags: { [ownerTag]: null } });
    hub.registry.patchTwin('c', { tags: { [ownerTag]: { server: 'github.com', name: 'contoso/other' } } });
    const stays = [told('plan/stays', { id: 'b' }), told('plan/stays', { id: 'c', owner: 'contoso/other' })];
    const dropping = await run(folder, { command: 'apply', prune: 'delete' });
    expect(dropping.findings).toMatchObject(stays);
    expect([results(dropping), dropping.kept]).toEqual([{ a: 'unchanged', d: 'unchanged' }, 2]);
    commit(folder, 'another change', { 'devices.yaml': manifest('a') });
    const later = await run(folder, { command: 'apply', prune: 'delete' });
    expect([results(later), later.findings, later.kept]).toEqual([{ a: 'unchanged', d: 'removed' }, [], 2]);
    expect(ids()).toEqual(['a', 'b', 'c']);
    const verified = await run(folder, { command: 'verify', prune: 'delete', adopt: 'true' });
    expect(verified.result).toBe('in-sync');
  });

  it('does not count a claim as drift', async () => {
    const folder = await repository(['a', 'b'], ['a', 'b']);
    hub.registry.patchTwin('b', { tags: { [ownerTag]: null } });
    const verified = await run(folder, { command: 'verify', adopt: 'unmarked' });
    expect([verified.result, verified.changes.map(({ kind }) => kind)]).toEqual(['in-sync', ['unchanged', 'claim']]);
    const listed = await run(folder, { command: 'list', unowned: 'true' });
    expect(listed.listed.map(({ device }) => device.id)).toEqual(['b']);
  });

  it('is part of an approved plan', async () => {
    const folder = await repository(['a', 'b', 'c'], ['a', 'c']);
    await run(folder, { command: 'plan', prune: 'disable', 'plan-file': 'plan.json' });
    commit(folder, 'c goes too', { 'devices.yaml': manifest('a') });
    const more = await run(folder, { command: 'apply', prune: 'disable', 'plan-file': 'plan.json' });
    expect(more.findings.map(({ rule, device }) => [rule, device])).toContainEqual(['plan/differs-from-approved', 'c']);
    const other = await run(folder, { command: 'apply', prune: 'delete', 'plan-file': 'plan.json' });
    const fields = [
      { field: 'status', before: 'enabled', after: 'disabled' },
      { field: 'statusReason', before: null, after: removalMark },
    ];
    const differences: readonly Difference[] = [
      { kind: 'other-change', was: { kind: 'disable', fields }, now: { kind: 'delete', fields: [] } },
    ];
    expect(other.findings.filter(({ device }) => device === 'b')).toMatchObject([
      told('plan/differs-from-approved', { id: 'b', differences }),
    ]);
    expect(status('b')[0]).toBe('enabled');
    commit(folder, 'c stays', { 'devices.yaml': manifest('a', 'c') });
    const approved = await run(folder, { command: 'apply', prune: 'disable', 'plan-file': 'plan.json' });
    expect(results(approved)).toEqual({ a: 'unchanged', b: 'removed', c: 'unchanged' });
  });

  it('leaves a device that another manifest of the repository declares by now, in whatever file', async () => {
    const folder = repositoryWith({ 'fleet.yaml': manifest('a', 'b', 'c', 'd'), '.gitignore': 'device-bundles\n' });
    await run(folder, { command: 'apply', manifest: 'fleet.yaml' });
    git(folder, 'mv', 'fleet.yaml', 'site-a.yaml');
    commit(folder, 'renamed', {});
    const ofB = 'id,runtime.version,runtime.platform,thumbprints.primary\n';
    const rows = `b,1.6,debian,${digest('b1')}\n`;
    commit(folder, 'two sites', {
      'site-a.yaml': manifest('a'),
      'sites/b.csv': ofB + rows,
      'c.json': '{"devices":[{"id":"c"}]}',
    });
    const report = await run(folder, { command: 'apply', manifest: 'site-a.yaml', prune: 'delete' });
    expect(results(report)).toEqual({ a: 'unchanged', d: 'removed' });
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, (folder: string) => string]>([
    ['with a slash too many', () => 'fleet//devices.yaml'],
    ['with a way back', () => './fleet/../fleet/*.yaml'],
    ['as an absolute path', (folder) => join(folder, 'fleet/devices.yaml')],
  ])('finds the history of a manifest that is named %s', async (_, named) => {
    const folder = repositoryWith({ 'fleet/devices.yaml': manifest('a', 'b'), '.gitignore': 'device-bundles\n' });
    await run(folder, { command: 'apply', manifest: named(folder) });
    commit(folder, 'fewer', { 'fleet/devices.yaml': manifest('a') });
    const planned = await run(folder, { command: 'plan', manifest: named(folder), prune: 'disable' });
    expect(planned.changes.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['a unchanged', 'b disable']);
  });

  it('is refused while a file that names the device is no manifest that can be read, and names the file', async () => {
    const folder = await repository(['a', 'b', 'c'], ['a']);
    writeFileSync(join(folder, 'site-b.yaml'), `${manifest('b')}  - { id: other, thumbprints: { primary: ab }`);
    const planned = await run(folder, { command: 'plan', prune: 'disable' });
    const { broken = '' } = await declaredIn('site-b.yaml', readFileSync(join(folder, 'site-b.yaml')));
    expect(broken).not.toBe('');
    const why = { problem: 'unreadable', said: broken } as const;
    const doubt = said(removalFault('may-be-declared', { id: 'b', others: 0, file: 'site-b.yaml', why }));
    expect(planned.faults.map(said)).toEqual([doubt]);
    expect((await run(folder, { command: 'apply', prune: 'delete' })).faults.map(said)).toEqual([doubt]);
    expect(ids()).toEqual(['a', 'b', 'c']);
    // Devices that are disabled already are not removed again, so there is no doubt.
    for (const id of ['b', 'c']) change(id, { status: 'disabled' });
    expect((await run(folder, { command: 'apply', prune: 'disable' })).result).toBe('unchanged');
  });

  it('is refused where a device that stays connects through one that goes', async () => {
    const gateway = manifest('gw', 'kid');
    const nested = gateway.replace('- { id: kid,', '- { id: kid, parent: gw, config: { parentHostname: gw },');
    const folder = repositoryWith({ 'devices.yaml': nested, '.gitignore': 'device-bundles\n' });
    expect((await run(folder, { command: 'apply' })).result).toBe('changed');
    commit(folder, 'the gateway goes', { 'devices.yaml': manifest('kid') });
    const refused = await run(folder, { command: 'apply', prune: 'delete' });
    expect(refused.findings.map(({ rule, device }) => [rule, device])).toContainEqual(['plan/parent-removed', 'kid']);
    expect(ids()).toEqual(['gw', 'kid']);
    commit(folder, 'with no parent', { 'devices.yaml': manifest('kid').replace('id: kid,', 'id: kid, parent: "",') });
    expect(results(await run(folder, { command: 'apply', prune: 'delete' }))).toEqual({
      kid: 'updated',
      gw: 'removed',
    });
  });

  it('goes on with an approved plan that was carried out in part', async () => {
    const folder = await repository(['a', 'b', 'c'], ['a']);
    await run(folder, { command: 'plan', prune: 'delete', 'plan-file': 'plan.json' });
    hub.registry.remove('b');
    const report = await run(folder, { command: 'apply', prune: 'delete', 'plan-file': 'plan.json' });
    expect(results(report)).toEqual({ a: 'unchanged', c: 'removed' });
    const without = await run(folder, { command: 'apply', 'plan-file': 'plan.json' });
    expect(without.findings.map(({ rule }) => rule)).toContain('plan/differs-from-approved');
  });
});
