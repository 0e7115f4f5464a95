import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isUsable, isUsableCa, makeAuthority, withServer } from '../../src/emulator/disk/authority.ts';
import { emulatorFault } from '../../src/emulator/faults.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { HubEndpoint } from '../../src/model/hub-name.ts';
import { endpoint } from '../hub/devices.ts';
import { faultOf, said } from '../support/fault.ts';
import { call } from './clients.ts';
import { edgeBody } from './devices/identities.ts';

const contoso = endpoint('contoso.azure-devices.net');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hub-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function withHub<T>(options: Parameters<typeof startHub>[0], use: (hub: EmbeddedHub) => Promise<T> | T) {
  const hub = await startHub(options);
  try {
    return await use(hub);
  } finally {
    await hub.close();
  }
}

describe('a hub without a directory', () => {
  it('names itself, its policies and its CA', async () => {
    const caFile = await withHub({}, (hub) => {
      expect(hub.url).toBe(`https://${hub.host}`);
      expect(hub.host).toMatch(/^localhost:\d+$/);
      expect(hub.connectionString).toBe(hub.connectionStrings.iothubowner);
      for (const [policy, text] of Object.entries(hub.connectionStrings)) {
        expect(text).toMatch(
          new RegExp(`^HostName=${hub.host};SharedAccessKeyName=${policy};SharedAccessKey=[A-Za-z0-9+/]{43}=$`),
        );
      }
      expect(new Set(Object.values(hub.connectionStrings)).size).toBe(5);
      expect(readFileSync(hub.caFile, 'utf8')).toBe(hub.ca);
      expect(readdirSync(dirname(hub.caFile))).toEqual(['ca.pem']);
      return hub.caFile;
    });
    expect(existsSync(dirname(caFile))).toBe(false);
  });

  it.each(['localhost', '127.0.0.1'])('proves to be %s by a certificate of its CA', async (name) => {
    await withHub({}, async (hub) => {
      const port = Number(hub.host.split(':')[1]);
      const authorized = await new Promise((resolve, reject) => {
        const socket = connect({ host: name, port, ca: hub.ca, servername: name === 'localhost' ? name : '' }, () => {
          resolve(socket.authorized);
          socket.destroy();
        });
        socket.on('error', reject);
      });
      expect(authorized).toBe(true);
    });
  });

  it('is not trusted without its CA', async () => {
    await withHub({}, async (hub) => {
      await expect(call({ ...hub, ca: '' }, 'GET', '/devices')).rejects.toThrow(/certificate/);
    });
  });

  it('outlives garbage instead of TLS', async () => {
    await withHub({}, async (hub) => {
      const port = Number(hub.host.split(':')[1]);
      await new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, ca: hub.ca, servername: '' }, () => {
          socket.end('no HTTP at all\r\n\r\n');
        });
        socket.on('close', resolve).on('error', () => {});
        socket.resume();
      });
      const { status } = await fetch(`http://127.0.0.1:${port}/`).catch(() => ({ status: 0 }));
      expect(status).toBe(0);
      expect((await call(hub, 'GET', '/devices')).status).toBe(200);
    });
  });
});

describe('a hub with a directory', () => {
  it('is the same after a restart: address, keys, CA, devices', async () => {
    const directory = join(folder, 'a', 'b');
    const before = await withHub({ directory }, async (hub) => {
      await call(hub, 'PUT', '/devices/edge-1', { body: edgeBody('edge-1') });
      hub.registry.put({ deviceId: 'leaf-1' });
      return { hub, devices: hub.registry.all() };
    });
    expect(before.devices).toHaveLength(2);
    await withHub({ directory }, async (hub) => {
      expect(hub.connectionStrings).toEqual(before.hub.connectionStrings);
      expect([hub.ca, hub.caFile, hub.host]).toEqual([before.hub.ca, before.hub.caFile, before.hub.host]);
      expect(hub.registry.all()).toEqual(before.devices);
      expect((await call(before.hub, 'GET', '/devices/edge-1')).json).toEqual(before.devices[0]);
    });
  });

  it('has on disk what it answered, though it is never closed', async () => {
    const hub = await startHub({ directory: folder });
    try {
      await call(hub, 'PUT', '/devices/d', { body: edgeBody('d') });
      expect(readFileSync(join(folder, 'devices.jsonl'), 'utf8')).toContain('"deviceId":"d"');
      await call(hub, 'DELETE', '/devices/d', { headers: { 'if-match': '*' } });
      expect(readFileSync(join(folder, 'devices.jsonl'), 'utf8')).toContain('{"removed":"d"}');
    } finally {
      await hub.close();
    }
  });

  it('keeps its secrets from other users', async () => {
    await withHub({ directory: folder }, () => {});
    const modes = readdirSync(folder).map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]);
    expect(Object.fromEntries(modes)).toEqual({
      '.gitignore': '644',
      'ca-key.pem': '600',
      'ca.pem': '644',
      'devices.jsonl': '600',
      'server.pem': '600',
      'settings.json': '600',
    });
    const keys = readdirSync(folder).flatMap(
      (name) => readFileSync(join(folder, name), 'utf8').match(/PRIVATE KEY/g) ?? [],
    );
    expect(keys).toHaveLength(4); // Begin and end of the keys of the CA and of the server.
  });

  it('moves to another port when its own is taken', async () => {
    const first = await withHub({ directory: folder }, (hub) => hub.host);
    const port = Number(first.split(':')[1]);
    const other = createServer().listen(port, '127.0.0.1');
    try {
      await withHub({ directory: folder }, (hub) => expect(hub.host).not.toBe(first));
    } finally {
      other.close();
    }
  });

  it('makes a new CA where the files do not belong together', async () => {
    const before = await withHub({ directory: folder }, (hub) => hub.ca);
    writeFileSync(join(folder, 'ca.pem'), 'broken');
    await withHub({ directory: folder }, async (hub) => {
      expect(hub.ca).not.toBe(before);
      expect((await call(hub, 'GET', '/devices')).status).toBe(200);
    });
  });

  it.each(['{', '{}', '{"port":1,"keys":{}}'])('refuses settings that are not its own: %s', async (text) => {
    writeFileSync(join(folder, 'settings.json'), text);
    const path = join(folder, 'settings.json');
    expect(said(await faultOf(startHub({ directory: folder })))).toEqual(
      said(emulatorFault('not-its-settings', { path })),
    );
    expect(readFileSync(join(folder, 'settings.json'), 'utf8')).toBe(text);
  });
});

it('refuses a directory that is a file, with a remedy', async () => {
  writeFileSync(join(folder, 'file'), '');
  const directory = join(folder, 'file');
  const why = `EEXIST: file already exists, mkdir '${directory}'`;
  expect(said(await faultOf(startHub({ directory })))).toEqual(
    said(emulatorFault('directory-unusable', { directory, why })),
  );
});

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

describe('the port', () => {
  it('is the one that is asked for', async () => {
    const free = await withHub({}, (hub) => Number(hub.host.split(':')[1]));
    await withHub({ port: free }, (hub) => expect(hub.host).toBe(`localhost:${free}`));
  });

  // A machine without IPv6 has one address less to be taken.
  it.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])(
    'is refused with a remedy when it is taken on %s',
    async (address) => {
      const other = createServer();
      await new Promise<void>((resolve, reject) => {
        other.once('error', reject).listen({ host: address, port: 0 }, resolve);
      });
      const { port } = other.address() as AddressInfo;
      try {
        const why = `listen EADDRINUSE: address already in use ${address}:${port}`;
        expect(said(await faultOf(startHub({ port })))).toEqual(said(emulatorFault('port-taken', { port, why })));
      } finally {
        other.close();
      }
    },
  );
});

describe('a hub with host names', () => {
  it('is called and signed for by each of them, and prints the first', async () => {
    await withHub({ hosts: [contoso, endpoint('hub.example')] }, async (hub) => {
      expect(hub.connectionString).toContain(`HostName=${hub.host};`);
      expect([hub.host, hub.url]).toEqual([`${contoso}:${hub.port}`, `https://${contoso}:${hub.port}`]);
      const names = [contoso, 'contoso.device.azure-devices.net', 'contoso.service.azure-devices.net', 'hub.example'];
      const signedFor = (signedAs: string) =>
        call({ ...hub, signedAs }, 'GET', '/devices').then(({ status }) => status);
      for (const name of [...names, 'localhost']) {
        expect([await signedFor(name), await signedFor(`${name}:${hub.port}`)]).toEqual([200, 200]);
      }
      expect(await signedFor('fabrikam.azure-devices.net')).toBe(401);
    });
  });
});

describe('the authority', () => {
  it('is a strict CA and a server certificate for all names of this machine', async () => {
    const authority = await makeAuthority(new Date());
    const ca = new X509Certificate(authority.ca);
    const server = new X509Certificate(authority.server);
    expect([ca.ca, server.ca]).toEqual([true, false]);
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(authority.ca).not.toContain('PRIVATE');
  });

  it('follows the names of the hub in a directory, while the CA stays', async () => {
    const directory = join(folder, 'kept');
    const started = async (...hosts: readonly HubEndpoint[]) => {
      const ca = await withHub({ directory, hosts }, (hub) => hub.ca);
      const server = new X509Certificate(readFileSync(join(directory, 'server.pem')));
      expect(server.verify(new X509Certificate(ca).publicKey)).toBe(true);
      return { ca, serial: server.serialNumber, names: server.subjectAltName?.replace(/, IP .*/, '') };
    };
    const three =
      'DNS:contoso.azure-devices.net, DNS:contoso.device.azure-devices.net, DNS:contoso.service.azure-devices.net';
    const bare = await started();
    const named = await started(contoso);
    const again = await started(contoso);
    const other = await started(endpoint('hub.example'), contoso);
    const without = await started();
    expect([bare, named, again, other, without].map(({ names }) => names)).toEqual([
      'DNS:localhost',
      `DNS:localhost, ${three}`,
      `DNS:localhost, ${three}`,
      `DNS:localhost, DNS:hub.example, ${three}`,
      'DNS:localhost',
    ]);
    expect(new Set([bare, named, again, other, without].map(({ ca }) => ca)).size).toBe(1);
    expect([again.serial === named.serial, other.serial === named.serial]).toEqual([true, false]);
    expect(statSync(join(directory, 'ca-key.pem')).mode & 0o777).toBe(0o600);
  });

  it('makes another CA where the directory has no key of it, or one of another', async () => {
    const directory = join(folder, 'older');
    const caOf = () => withHub({ directory }, (hub) => hub.ca);
    const first = await caOf();
    rmSync(join(directory, 'ca-key.pem'));
    const second = await caOf();
    writeFileSync(join(directory, 'ca-key.pem'), (await makeAuthority(new Date())).caKey);
    expect(new Set([first, second, await caOf()]).size).toBe(3);
  });

  it('is made anew a day before it ends', async () => {
    const authority = await makeAuthority(new Date());
    const end = Date.parse(new X509Certificate(authority.server).validTo);
    const day = 86_400_000;
    expect(isUsable(authority, new Date(end - 2 * day))).toBe(true);
    expect(isUsable(authority, new Date(end - day))).toBe(false);
    expect(isUsable({ ...authority, ca: (await makeAuthority(new Date())).ca }, new Date())).toBe(false);
    expect([isUsableCa(authority, new Date(end - 2 * day)), isUsableCa(authority, new Date(end - day))]).toEqual([
      true,
      false,
    ]);
    const renewed = await withServer(authority, new Date(end - 2 * day));
    expect(Date.parse(new X509Certificate(renewed.server).validTo)).toBe(end);
  });
});
