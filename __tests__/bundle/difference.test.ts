import { describe, expect, it } from 'vitest';
import { placeholderOf } from '../../src/bundle/config/placeholders.ts';
import { configurationChanges } from '../../src/bundle/difference.ts';
import type { Device } from '../../src/model/fleet.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { folderWith } from '../support/folder.ts';
import { deviceOf, type Wanted } from './material.ts';

function at(devices: readonly Device[], files: Readonly<Record<string, string>> = {}) {
  return { devices, workspace: openWorkspace(folderWith(files)) };
}

const many = (wanted: Wanted) => ['a', 'b', 'c'].map((id) => deviceOf({ ...wanted, id }));

describe('what devices would run otherwise', () => {
  it('is nothing between equal fleets, and nothing of devices that come or go', () => {
    expect(configurationChanges(at(many({})), at(many({})))).toEqual([]);
    expect(configurationChanges(at([deviceOf({ id: 'a' })]), at([deviceOf({ id: 'b' })]))).toEqual([]);
    const elsewhere = deviceOf({ id: 'a', hub: 'other.example', hostname: 'other' });
    expect(configurationChanges(at([deviceOf({ id: 'a' })]), at([elsewhere]))).toEqual([]);
  });

  it('is told once for all devices that change in the same way', () => {
    const before = many({ image: 'registry.example/agent:1.5.10' });
    const after = many({ image: 'registry.example/agent:1.5.21' });
    expect(configurationChanges(at(before), at(after))).toEqual([
      {
        key: 'agent.image',
        before: 'registry.example/agent:1.5.10',
        after: 'registry.example/agent:1.5.21',
        devices: ['a', 'b', 'c'],
      },
    ]);
  });

  it('counts what a default brings, and a value that comes or goes', () => {
    const before = [deviceOf({ version: '1.5' })];
    const after = [deviceOf({ version: '1.6', env: { A: 'b' }, config: { network: { name: 'n', ipam: [] } } })];
    expect(configurationChanges(at(before), at(after))).toEqual(
      [
        {
          key: 'agent.image',
          before: 'mcr.microsoft.com/azureiotedge-agent:1.5',
          after: 'mcr.microsoft.com/azureiotedge-agent:1.6',
          devices: ['edge-001'],
        },
        { key: 'agent.env.A', after: 'b', devices: ['edge-001'] },
        { key: 'network.name', after: 'n', devices: ['edge-001'] },
        { key: 'runtime.version', before: '1.5', after: '1.6', devices: ['edge-001'] },
      ].sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    expect(configurationChanges(at(after), at(before)).map(({ key, after: to }) => [key, to])).toContainEqual([
      'network.name',
      undefined,
    ]);
  });

  it.each<[string, Wanted, string]>([
    ['a variable', { env: { DB_PASSWORD: 'hunter2' } }, 'agent.env.DB_PASSWORD'],
    ['a key in a variable', { env: { X: 'HostName=h;SharedAccessKey=hunter2' } }, 'agent.env.X'],
    ['a proxy', { config: { proxy: { https: 'http://u:hunter2@proxy:1' } } }, 'proxy.https'],
    ['a proxy without its @', { config: { proxy: { https: 'http://u:hunter2' } } }, 'proxy.https'],
    ['an image', { image: 'u:hunter2@registry.example/agent' }, 'agent.image'],
    [
      'options of the container',
      { config: { agent: { createOptions: { Env: ['DB_PASSWORD=hunter2'] } } } },
      'agent.createOptions.Env.0',
    ],
    ['the place of a key', { identity: { privateKey: 'pkcs11:object=a?pin-value=hunter2' } }, 'identity.privateKey'],
    [
      'a script',
      { runtime: { securityDaemonScript: 'https://u:hunter2@files.example/a.ps1' } },
      'runtime.securityDaemonScript',
    ],
  ])('tells no secret of %s, neither one that goes nor one that comes', (_, wanted, key) => {
    const [without, having] = [at([deviceOf()]), at([deviceOf(wanted)])];
    const gone = configurationChanges(having, without);
    const come = configurationChanges(without, having);
    expect(gone.find((change) => change.key === key)?.before).toBe('(a secret)');
    expect(come.find((change) => change.key === key)?.after).toBe('(a secret)');
    expect(JSON.stringify([gone, come])).not.toContain('hunter2');
  });

  it('sees that one secret is another now', () => {
    const having = (DB_PASSWORD: string) => at([deviceOf({ env: { DB_PASSWORD } })]);
    expect(configurationChanges(having('hunter2'), having('hunter3'))).toEqual([
      { key: 'agent.env.DB_PASSWORD', before: '(a secret)', after: '(a secret)', devices: ['edge-001'] },
    ]);
    expect(configurationChanges(having('hunter2'), having('hunter2'))).toEqual([]);
  });

  it('shows what stands for a secret, and says its settings', () => {
    const registry = { server: 'r.example', username: 'me', passwordFrom: 'IOTEDGE_PW' };
    const changes = configurationChanges(
      at([deviceOf()]),
      at([
        deviceOf({ env: { TOKEN_LIFETIME: '60' }, config: { agent: { registry }, proxy: { https: 'http://p:1' } } }),
      ]),
    );
    expect(new Map(changes.map(({ key, after }) => [key, after]))).toEqual(
      new Map([
        ['agent.env.TOKEN_LIFETIME', '60'],
        ['agent.env.https_proxy', 'http://p:1'],
        ['agent.registry.password', placeholderOf('IOTEDGE_PW')],
        ['agent.registry.serveraddress', 'r.example'],
        ['agent.registry.username', 'me'],
        ['proxy.https', 'http://p:1'],
      ]),
    );
  });

  it('names the places of the pair, and the slot', () => {
    const changes = configurationChanges(
      at([deviceOf()]),
      at([deviceOf({ slot: 'secondary', certificate: '/x.pem' })]),
    );
    expect(changes.map(({ key, before, after }) => [key, before, after])).toEqual([
      ['identity.certificate', undefined, '/x.pem'],
      ['identity.slot', 'primary', 'secondary'],
    ]);
  });

  it('sees another content of a certificate or of a base under the same name, and tells no content', () => {
    const devices = ['a', 'b'].map((id): Device => {
      const device = deviceOf({ id });
      return {
        ...device,
        certificates: { primary: `${id}.pem` },
        config: { ...device.config, base: 'config.yaml' },
      };
    });
    const before = at(devices, { 'a.pem': 'one', 'b.pem': 'one', 'config.yaml': 'x' });
    const after = at(devices, { 'a.pem': 'two', 'b.pem': 'three', 'config.yaml': 'y' });
    expect(configurationChanges(before, after)).toEqual([
      { key: 'base', before: 'one file', after: 'another', devices: ['a', 'b'] },
      { key: 'identity-certificate.pem', before: 'one file', after: 'another', devices: ['a', 'b'] },
    ]);
  });
});
