import { describe, expect, it } from 'vitest';
import { declaredIn } from '../../src/manifest/declared.ts';
import { type HubHost, isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { goneFrom } from '../../src/removal/declared-elsewhere.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { issueAuthority } from '../support/chain.ts';
import { folderWith } from '../support/folder.ts';

function hub(name: string): HubHost {
  if (!isHubHost(name)) throw new Error(name);
  return name;
}

const once = ['edge-1', 'edge-2'].map((id) => {
  if (!isDeviceId(id)) throw new Error(id);
  return { id, hub: hub('a.example') };
});

/** The devices that are gone, each with the file that leaves it in doubt. */
async function gone(files: Readonly<Record<string, string | Buffer>>): Promise<Readonly<Record<string, string>>> {
  const devices = await goneFrom(openWorkspace(folderWith(files)), once);
  return Object.fromEntries(devices.map(({ id, doubt }) => [id, doubt?.file ?? 'no doubt']));
}

describe('devices that the files of the workspace no longer declare', () => {
  it('are not those that any manifest declares, for their hub or for none', async () => {
    expect(await gone({ 'sites/b.json': '{"devices":[{"id":"edge-1"}]}' })).toEqual({ 'edge-2': 'no doubt' });
    const elsewhere = 'hub: b.example\ndevices:\n  - id: edge-1\n';
    expect(await gone({ 'b.yaml': elsewhere })).toEqual({ 'edge-1': 'no doubt', 'edge-2': 'no doubt' });
  });

  it('are all in doubt where the search for manifests meets a bound', async () => {
    const bounds = { folders: 1, files: 100, seconds: 100 };
    const files = { 'a/b.yaml': '', 'c.yaml': '', 'd/e.yaml': '' };
    const devices = await goneFrom(openWorkspace(folderWith(files), { bounds }), once);
    const why = { problem: 'not-listed', bound: { most: 1, of: 'folders' } };
    expect(devices).toEqual(once.map((device) => ({ ...device, doubt: { file: '.', why } })));
  });

  it('are not those of which a certificate lies where a manifest looks for them, whatever is wrong with it', async () => {
    const authority = await issueAuthority('edge-2');
    const files = { 'm.yaml': 'devices: { from: certs/*.pem }\n', 'certs/2.pem': authority.pem };
    expect(await gone(files)).toEqual({ 'edge-1': 'no doubt' });
  });

  it.each<[string, string, string | Buffer]>([
    ['YAML', 'b.yaml', 'devices:\n  - { id: edge-1'],
    ['JSON', 'b.json', '{"devices": [{"id": "edge-1"},]}'],
    ['a table', 'b.csv', 'id,\nedge-1,left over\n'],
    ['text in another encoding', 'b.yaml', Buffer.from('# gerät\ndevices:\n  - id: edge-1\n', 'latin1')],
    ['text in UTF-16', 'b.yaml', Buffer.from('\ufeffdevices:\n  - { id: edge-1', 'utf16le')],
    ['a file larger than manifests are', 'b.yaml', `devices:\n  - id: edge-1\n#${' '.repeat(20 * 1024 * 1024)}`],
  ])('are in doubt where %s that names them cannot be read as a manifest', async (_, name, content) => {
    expect(await gone({ [name]: content })).toEqual({ 'edge-1': name, 'edge-2': 'no doubt' });
  });

  it('are in doubt for a reason: a file that is too large, or the words of what cannot read it', async () => {
    const files = {
      'a.yaml': `devices:\n  - id: edge-1\n#${' '.repeat(20 * 1024 * 1024)}`,
      'b.csv': 'id,\nedge-2,left over\n',
    };
    const [first, second] = await goneFrom(openWorkspace(folderWith(files)), once);
    expect(first).toMatchObject({
      id: 'edge-1',
      doubt: { file: 'a.yaml', why: { problem: 'too-large', megabytes: 20 } },
    });
    const { broken } = await declaredIn('b.csv', Buffer.from(files['b.csv']));
    expect(second).toMatchObject({
      id: 'edge-2',
      doubt: { file: 'b.csv', why: { problem: 'unreadable', said: broken } },
    });
  });

  it('are all in doubt where what cannot be read looks for certificates, which name their devices', async () => {
    const broken = 'hub: "a.example\ndevices:\n  from: certs/*.pem\n';
    expect(await gone({ 'b.yaml': broken })).toEqual({ 'edge-1': 'b.yaml', 'edge-2': 'b.yaml' });
  });

  it('are in no doubt for a longer id, nor for a file that another declares anyway', async () => {
    expect(await gone({ 'b.yaml': 'devices:\n  - { id: edge-10' })).toMatchObject({ 'edge-1': 'no doubt' });
    const files = { 'a.yaml': 'devices:\n  - id: edge-1\n', 'b.yaml': 'devices:\n  - { id: edge-1' };
    expect(await gone(files)).toEqual({ 'edge-2': 'no doubt' });
  });
});
