import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openHistory } from '../../src/github/git/history.ts';
import { type HubHost, isHubHost } from '../../src/model/fleet.ts';
import { declaredBefore } from '../../src/removal/declared-before.ts';
import { issue, issueAuthority } from '../support/chain.ts';
import { commit, git, repositoryWith } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';

function hub(name: string): HubHost {
  if (!isHubHost(name)) throw new Error(name);
  return name;
}

const hubs = [hub('a.example')];

async function declared(folder: string, manifests = ['devices.yaml'], among = hubs): Promise<readonly string[]> {
  const devices = await declaredBefore(manifests, among, openHistory(folder, 'HEAD'));
  return devices.map(({ id, hub }) => `${hub}/${id}`).sort();
}

describeNeeding(['git'], 'devices that the default branch once declared, and its head does not', () => {
  it('are those of every state, under every name of the manifest', async () => {
    const folder = repositoryWith({ 'old.csv': 'id\none\ntwo\n' });
    git(folder, 'mv', 'old.csv', 'devices.csv');
    commit(folder, 'renamed', {});
    commit(folder, 'two is gone', { 'devices.csv': 'id\none\nthree\n' });
    expect(await declared(folder, ['devices.csv'])).toEqual(['a.example/two']);
  });

  it('belong to the hub that they or the manifest named then; those of other hubs are none of the run', async () => {
    const folder = repositoryWith({
      'devices.yaml':
        'hub: A.example\ndevices:\n  - id: one\n  - { id: two, hub: b.example }\n  - { id: three, hub: c.example }\n',
    });
    commit(folder, 'all gone', { 'devices.yaml': 'devices:\n  - id: four\n' });
    expect(await declared(folder)).toEqual(['a.example/one']);
    const both = [...hubs, hub('b.example')];
    // With two hubs, the device without a hub belongs to neither.
    expect(await declared(folder, ['devices.yaml'], both)).toEqual(['a.example/one', 'b.example/two']);
  });

  it('are also those of broken states as far as they can be read, and of none that cannot', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'devices:\n  - { id: one, nonsense: 1 }\n  - id: "a b"\n' });
    commit(folder, 'broken', { 'devices.yaml': 'devices: [ {id: two' });
    expect(await declared(folder)).toEqual(['a.example/one']);
  });

  it('are known, although versions that take nothing away are not read', async () => {
    const list = (...ids: readonly string[]) => `devices:\n${ids.map((id) => `  - id: ${id}\n`).join('')}`;
    const folder = repositoryWith({ 'devices.yaml': list('one') });
    commit(folder, 'more', { 'devices.yaml': list('one', 'two') });
    commit(folder, 'broken, with all of it', { 'devices.yaml': `${list('one', 'two', 'three')}  - { id: four` });
    commit(folder, 'mended', { 'devices.yaml': list('two') });
    commit(folder, 'gone and new', { 'devices.yaml': list('five') });
    git(folder, 'mv', 'devices.yaml', 'fleet.yaml');
    commit(folder, 'renamed', { 'fleet.yaml': list('six') });
    expect(await declared(folder, ['*.yaml'])).toEqual(['a.example/five', 'a.example/one', 'a.example/two']);
  });

  it('are known where a fleet shrinks and grows, and where a state between is broken', async () => {
    const list = (...ids: readonly string[]) => `devices:\n${ids.map((id) => `  - id: ${id}\n`).join('')}`;
    const folder = repositoryWith({ 'devices.yaml': list('a', 'b', 'c') });
    commit(folder, 'fewer', { 'devices.yaml': list('a', 'b') });
    commit(folder, 'fewer again', { 'devices.yaml': list('a') });
    commit(folder, 'broken, with more', { 'devices.yaml': `${list('a', 'd')}  - { id: e` });
    commit(folder, 'more', { 'devices.yaml': list('a', 'd') });
    commit(folder, 'the head', { 'devices.yaml': list('a') });
    expect(await declared(folder)).toEqual(['a.example/b', 'a.example/c', 'a.example/d']);
  });

  it('are those that certificates named', async () => {
    const authority = await issueAuthority('root');
    const pem = async (id: string) => (await issue(id, { by: authority })).pem;
    const folder = repositoryWith({
      'devices.yaml': 'hub: a.example\ndevices: { from: certs/*.pem }\n',
      'certs/one.pem': await pem('one'),
      'certs/ca.pem': authority.pem,
      'certs/readme.txt': await pem('three'),
    });
    commit(folder, 'two comes', { 'certs/two.pem': await pem('two') });
    rmSync(join(folder, 'certs/one.pem'));
    commit(folder, 'one goes', {});
    expect(await declared(folder)).toEqual(['a.example/one']);
  });

  it('are those whose certificate may sign others and is self-signed, as az makes it; authorities are none', async () => {
    const folder = repositoryWith({
      'devices.yaml': 'hub: a.example\ndevices: { from: certs/*.pem }\n',
      'certs/edge-1.hub-auth-cert.pem': (await issueAuthority('edge-1')).pem,
      'certs/root.pem': (await issueAuthority('plant-root')).pem,
      'certs/2.pem': (await issueAuthority('edge-2', { by: await issueAuthority('plant') })).pem,
      'certs/3.pem': (await issue('edge-3')).pem,
    });
    rmSync(join(folder, 'certs'), { recursive: true });
    commit(folder, 'all go', { 'devices.yaml': 'hub: a.example\ndevices: []\n' });
    expect(await declared(folder)).toEqual(['a.example/edge-1', 'a.example/edge-3']);
  });

  it('are not those whose certificates came when no manifest looked for them', async () => {
    const authority = await issueAuthority('root');
    const pem = async (id: string) => (await issue(id, { by: authority })).pem;
    const folder = repositoryWith({ 'certs/early.pem': await pem('early'), 'certs/one.pem': await pem('one') });
    rmSync(join(folder, 'certs/early.pem'));
    commit(folder, 'elsewhere', {});
    commit(folder, 'a manifest', { 'devices.yaml': 'hub: a.example\ndevices: { from: certs/*.pem }\n' });
    commit(folder, 'a list again', { 'devices.yaml': 'hub: a.example\ndevices:\n  - id: one\n' });
    commit(folder, 'too late', { 'certs/late.pem': await pem('late') });
    commit(folder, 'nothing of that', { 'devices.yaml': 'hub: a.example\ndevices:\n  - id: two\n' });
    expect(await declared(folder)).toEqual(['a.example/one']);
  });

  it('are none that only the work tree no longer declares', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'devices:\n  - id: one\n  - id: two\n' });
    commit(folder, 'one goes', { 'devices.yaml': 'devices:\n  - id: two\n' });
    writeFileSync(join(folder, 'devices.yaml'), 'devices: []\n');
    expect(await declared(folder)).toEqual(['a.example/one']);
  });
});
