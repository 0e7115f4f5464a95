import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeAuthority } from '../../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import type { ErrorName } from '../../../src/emulator/wire/errors.ts';
import { callFault } from '../../../src/hub/calls/faults.ts';
import { httpFailure } from '../../../src/hub/calls/http.ts';
import { waitingLines } from '../../../src/hub/calls/waiting.ts';
import type { HubCredential } from '../../../src/hub/credential.ts';
import { importFault } from '../../../src/hub/import/faults.ts';
import type { ImportContainer } from '../../../src/hub/import/import-container.ts';
import { openStorage } from '../../../src/hub/import/storage.ts';
import { storageRefusal } from '../../../src/hub/import/storage-refusal.ts';
import { type BlobService, startBlobService } from '../../support/blob-service.ts';
import { faultOf, said } from '../../support/fault.ts';
import { anyText, saidWithAnyText } from '../answers.ts';
import { serveSilence } from '../calls/loopback.ts';
import { create, endpoint } from '../devices.ts';
import { importRig, newContainer } from './imports.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

const principal = { name: 'the Entra application 1', assignee: '1' };
const bare = (url: string) => url.replace(/\?.*/, '');
const secretOf = (url: string) => new URL(url).searchParams.get('sig') ?? 'none';

/** The container of a URL, without the checks of `readImportContainer`. */
function unchecked(url: string): ImportContainer {
  const [unsigned = '', signature = ''] = url.split('?');
  return { url: unsigned, signature };
}

describe('a storage account that never answers', () => {
  it('is given up after four tries, by http and by https, and no socket is left', async () => {
    // Both wait for seconds.
    await Promise.all([isGivenUp('http'), isGivenUp('https')]);
  });

  async function isGivenUp(protocol: 'http' | 'https'): Promise<void> {
    const silence = await serveSilence();
    const waits: string[] = [];
    const url = `${protocol}://${silence.host}/account/container`;
    const storage = await openStorage(
      { url, signature: 'sig=abcdefgh' },
      { tryTimeoutMs: 100, waiting: (text) => waits.push(text) },
    );
    const fault = await faultOf(storage.remove('x'));
    storage.close();
    const error = httpFailure.timeout(100).message;
    expect(waits, protocol).toHaveLength(4);
    const again = { next: 2, most: 4 };
    expect(waits[0], protocol).toBe(waitingLines['no-answer']({ host: silence.host, seconds: 0.1, again }));
    expect(said(fault), protocol).toEqual(said(importFault('container-unreachable', { url, error })));
    await vi.waitFor(() => expect([silence.opened(), silence.closed()], protocol).toEqual([4, 4]));
  }
});

describe('a container that', () => {
  it('lacks a right is refused with the name of the right', async () => {
    const { url } = await newContainer(blobs, 'r');
    const storage = await openStorage(unchecked(url), {});
    const signal = new AbortController().signal;
    for (const [work, right] of [
      [() => storage.upload('devices.txt', [Buffer.from('a')], signal), 'write'],
      [() => storage.hold(), 'write'],
      [() => storage.remove('devices.txt'), 'delete'],
    ] as const) {
      const fault = await faultOf(work());
      const details = { url: bare(url), access: right, answer: `403, AuthorizationPermissionMismatch, ${anyText}` };
      expect(said(fault)).toEqual(saidWithAnyText(importFault('signature-lacks-right', details)));
      expect(fault.remedy).toMatch(/generate-sas .*--permissions rwd/);
      expect(`${fault.message}${fault.remedy}`).not.toContain(secretOf(url));
    }
  });

  it('may not be read is refused', async () => {
    const { url } = await newContainer(blobs, 'wd');
    const storage = await openStorage(unchecked(url), {});
    const fault = await faultOf(storage.lines('importErrors.log')[Symbol.asyncIterator]().next());
    const answer = `403, AuthorizationPermissionMismatch, ${anyText}`;
    expect(said(fault)).toEqual(
      saidWithAnyText(importFault('signature-lacks-right', { url: bare(url), access: 'read', answer })),
    );
  });

  it('has a signature that ended, or a wrong one, is refused', async () => {
    const { url } = await newContainer(blobs);
    for (const wrong of [url.replace(/sig=[^&]{6}/, 'sig=AAAAAA'), url.replace(/se=20\d\d/, 'se=2020')]) {
      const storage = await openStorage(unchecked(wrong), {});
      const fault = await faultOf(storage.remove('devices.txt'));
      const details = { url: bare(url), answer: `403, ${anyText}` };
      expect(said(fault)).toEqual(saidWithAnyText(importFault('signature-refused', details)));
      expect(`${fault.message}${fault.remedy}`).not.toContain(secretOf(wrong));
    }
  });

  it('is not there is told so', async () => {
    const storage = await openStorage(unchecked(blobs.url('nowhere', 'rwd')), {});
    const fault = await faultOf(storage.upload('a', [Buffer.from('a')], new AbortController().signal));
    const url = bare(blobs.url('nowhere', 'r'));
    expect(url).toMatch(/^http:\S+nowhere$/);
    expect(said(fault)).toEqual(said(importFault('container-not-found', { url })));
  });

  it('cannot be reached is told so, without its signature', { timeout: 300_000 }, async () => {
    const { port } = new URL(blobs.url('any', 'rwd'));
    const url = blobs.url('any', 'rwd').replace(port, '9');
    const storage = await openStorage(unchecked(url), {});
    const fault = await faultOf(storage.remove('a'));
    const details = { url: bare(url), error: anyText };
    expect(said(fault)).toEqual(saidWithAnyText(importFault('container-unreachable', details)));
    expect(fault.message).toContain('ECONNREFUSED');
    expect(fault.message).not.toContain(secretOf(url));
    expect(fault.cause).toBeUndefined();
  });

  it.each([
    ['AuthorizationFailure', 403, 'container-behind-firewall'],
    ['KeyBasedAuthenticationNotPermitted', 403, 'keys-not-permitted'],
    ['ServerBusy', 503, 'blob-call-refused'],
  ] as const)('answers %s', (code, statusCode, name) => {
    const thrown = Object.assign(new Error('busy\nRequestId:1'), { statusCode, code });
    const container = { url: 'https://a.blob.core.windows.net/b', signature: 'sig=1' };
    const details = { url: container.url, access: 'read', answer: `${statusCode}, ${code}, busy` } as const;
    expect(said(storageRefusal(thrown, container, 'read'))).toEqual(said(importFault(name, details)));
  });
});

/**
 * Stands in for Entra in front of Azurite, which accepts tokens only over TLS. Signs the calls that have the token, and
 * refuses others.
 */
async function startTokenDoor(token: string) {
  const { ca, server: pem } = await makeAuthority(new Date());
  const server = createServer({ cert: pem, key: pem }, async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(403, { 'x-ms-error-code': 'AuthorizationPermissionMismatch' }).end();
      return;
    }
    const { authorization, host, connection, 'transfer-encoding': _, ...headers } = request.headers;
    const path = (request.url ?? '').replace('/account/', '');
    const body = await buffer(request);
    const answer = await fetch(blobs.url(path, 'rwdc'), {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { ca, url: (container: string) => `https://localhost:${port}/account/${container}` };
}

describe('by Entra', () => {
  const entra = (hub: EmbeddedHub, storageToken: string): HubCredential => ({
    kind: 'entra',
    host: endpoint(hub.host),
    principal,
    token: async () => hub.mintToken({ roles: ['IoT Hub Data Contributor'] }),
    storageToken: async () => storageToken,
  });

  it('the run signs in to the container by its token, and the hub by its identity', async () => {
    const { name } = await newContainer(blobs);
    const door = await startTokenDoor('storage-token');
    const rig = await importRig(blobs, {
      url: door.url(name),
      ca: door.ca,
      credential: (hub) => entra(hub, 'storage-token'),
      identity: (uri) => (uri === door.url(name) ? blobs.url(name, 'rwd') : uri),
    });
    expect(await rig.write([create('a')])).toEqual([{ id: 'a', answer: 'applied' }]);
    const job = rig.calls.find(({ path }) => path === '/jobs/create');
    expect(job?.body).toMatchObject({
      inputBlobContainerUri: door.url(name),
      outputBlobContainerUri: door.url(name),
      storageAuthenticationType: 'identityBased',
    });
    expect(await rig.left()).toEqual([]);
  });

  it('a run without the role on the container is told which', async () => {
    const { name } = await newContainer(blobs);
    const door = await startTokenDoor('storage-token');
    const rig = await importRig(blobs, {
      url: door.url(name),
      ca: door.ca,
      credential: (hub) => entra(hub, 'another-token'),
    });
    const fault = await faultOf(rig.write([create('a')]));
    const details = { url: door.url(name), access: 'write', answer: '403, AuthorizationPermissionMismatch' } as const;
    expect(said(fault)).toEqual(said(importFault('storage-role-missing', details)));
    expect(fault.remedy).toContain('az role assignment');
  });

  it('a hub without the role on the container is asked again, as new roles take a while, and then told', async () => {
    const { name } = await newContainer(blobs);
    const door = await startTokenDoor('storage-token');
    const rig = await importRig(blobs, {
      url: door.url(name),
      ca: door.ca,
      credential: (hub) => entra(hub, 'storage-token'),
      disturb: refusing('BlobContainerValidationError'),
    });
    const fault = await faultOf(rig.write([create('a')]));
    const answer = `400, BlobContainerValidationError, ${anyText}`;
    const details = { host: rig.hub.host, url: door.url(name), answer };
    expect(said(fault)).toEqual(saidWithAnyText(importFault('hub-identity-refused', details)));
    expect(fault.remedy).toContain('--name localhost --system-assigned');
    expect(rig.calls.filter(({ path }) => path === '/jobs/create')).toHaveLength(5);
    expect(await rig.left()).toEqual([]);
  });

  it('a connection string does not sign in to storage', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const fault = await faultOf(importRig(blobs, { url: 'https://a.blob.core.windows.net/b', hub }));
    const details = { url: 'https://a.blob.core.windows.net/b', host: hub.host };
    expect(said(fault)).toEqual(said(importFault('no-storage-sign-in', details)));
    expect(fault.kind).toBe('usage');
  });
});

describe('a hub that', () => {
  it('may not use the container: nothing was written', async () => {
    const { url } = await newContainer(blobs);
    const rig = await importRig(blobs, { url, disturb: refusing('BlobContainerValidationError') });
    const fault = await faultOf(rig.write([create('a')]));
    const answer = `400, BlobContainerValidationError, ${anyText}`;
    const details = { host: rig.hub.host, url: bare(url), answer };
    expect(said(fault)).toEqual(saidWithAnyText(importFault('hub-signature-refused', details)));
    expect(fault.remedy).toContain('rwd');
    expect(fault.message).not.toContain(secretOf(url));
    expect(await rig.left()).toEqual([]);
  });

  it('refuses the job for want of a right names it', async () => {
    const { url } = await newContainer(blobs);
    const sas = await importRig(blobs, { url, disturb: refusing('IotHubUnauthorizedAccess') });
    const bySas = { host: sas.hub.host, keyName: 'iothubowner', right: 'Import Jobs' } as const;
    expect(said(await faultOf(sas.write([create('a')])))).toEqual(said(callFault('policy-lacks-right', bySas)));
    const entra = await importRig(blobs, {
      url,
      credential: (hub) => ({
        kind: 'entra',
        host: endpoint(hub.host),
        principal,
        token: async () => hub.mintToken({ roles: ['IoT Hub Registry Contributor'] }),
      }),
    });
    const fault = await faultOf(entra.write([create('a')]));
    const answer = `401, IotHubUnauthorized, ${anyText}`;
    const byEntra = { host: entra.hub.host, principal, right: 'Import Jobs', answer } as const;
    expect(said(fault)).toEqual(saidWithAnyText(callFault('role-missing', byEntra)));
    expect(fault.remedy).toContain('--role "IoT Hub Data Contributor"');
  });

  it('is not asked where the run was stopped before', async () => {
    const { url } = await newContainer(blobs);
    const rig = await importRig(blobs, { url });
    rig.stop.press('SIGINT', { hurried: true });
    expect((await faultOf(rig.write([create('a')]))).kind).toBe('stopped');
    expect(rig.calls).toEqual([]);
  });
});

function refusing(code: ErrorName) {
  return ({ path }: { path: string }) => (path === '/jobs/create' ? ({ kind: 'refuse', code } as const) : undefined);
}
