import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../../src/emulator/disk/authority.ts';
import type { EmbeddedHub } from '../../../src/emulator/hub.ts';
import type { ErrorName } from '../../../src/emulator/wire/errors.ts';
import type { HubCredential } from '../../../src/hub/credential.ts';
import type { ImportContainer } from '../../../src/hub/import/import-container.ts';
import { openStorage } from '../../../src/hub/import/storage.ts';
import { storageRefusal } from '../../../src/hub/import/storage-refusal.ts';
import { type BlobService, startBlobService } from '../../support/blob-service.ts';
import { faultOf } from '../../support/fault.ts';
import { create, hubHost } from '../devices.ts';
import { importRig, newContainer } from './imports.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

const secretOf = (url: string) => new URL(url).searchParams.get('sig') ?? 'none';

/** As the input would be, but for the checks that need no service. */
function unchecked(url: string): ImportContainer {
  const [bare = '', signature = ''] = url.split('?');
  return { url: bare, signature };
}

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
      expect(fault.message).toMatch(new RegExp(`: its signature \\(SAS\\) lacks the right to ${right} \\(403, `));
      expect(fault.remedy).toMatch(/generate-sas .*--permissions rwd/);
      expect(`${fault.message}${fault.remedy}`).not.toContain(secretOf(url));
    }
  });

  it('may not be read is refused', async () => {
    const { url } = await newContainer(blobs, 'wd');
    const storage = await openStorage(unchecked(url), {});
    const fault = await faultOf(storage.lines('importErrors.log')[Symbol.asyncIterator]().next());
    expect(fault.message).toMatch(/lacks the right to read/);
  });

  it('has a signature that ended, or a wrong one, is refused', async () => {
    const { url } = await newContainer(blobs);
    for (const wrong of [url.replace(/sig=[^&]{6}/, 'sig=AAAAAA'), url.replace(/se=20\d\d/, 'se=2020')]) {
      const storage = await openStorage(unchecked(wrong), {});
      const fault = await faultOf(storage.remove('devices.txt'));
      expect(fault.message).toMatch(/does not accept the signature \(SAS\) \(403, /);
      expect(`${fault.message}${fault.remedy}`).not.toContain(secretOf(wrong));
    }
  });

  it('is not there is told so', async () => {
    const storage = await openStorage(unchecked(blobs.url('nowhere', 'rwd')), {});
    const fault = await faultOf(storage.upload('a', [Buffer.from('a')], new AbortController().signal));
    expect(fault.message).toMatch(/^there is no container http:\S+nowhere$/);
  });

  it('cannot be reached is told so, without its signature', { timeout: 300_000 }, async () => {
    const { port } = new URL(blobs.url('any', 'rwd'));
    const url = blobs.url('any', 'rwd').replace(port, '9');
    const storage = await openStorage(unchecked(url), {});
    const fault = await faultOf(storage.remove('a'));
    expect(fault.message).toMatch(/cannot be reached: /);
    expect(fault.message).not.toContain(secretOf(url));
    expect(fault.cause).toBeUndefined();
  });

  it.each([
    ['AuthorizationFailure', 403, /may not be reached from here/],
    ['KeyBasedAuthenticationNotPermitted', 403, /does not take signatures by key/],
    ['ServerBusy', 503, /refused to read a blob \(503, ServerBusy, busy\)$/],
  ])('answers %s', (code, statusCode, message) => {
    const thrown = Object.assign(new Error('busy\nRequestId:1'), { statusCode, code });
    const container = { url: 'https://a.blob.core.windows.net/b', signature: 'sig=1' };
    expect(storageRefusal(thrown, container, 'read').message).toMatch(message);
  });
});

/**
 * What stands for Entra before Azurite, which takes its tokens over TLS alone: lets in who has the token, and signs for them.
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
    host: hubHost(hub.host),
    principal: { name: 'the Entra application 1', assignee: '1' },
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
    expect(fault.message).toMatch(/does not let the run write blobs \(403/);
    expect(fault.remedy).toMatch(/Storage Blob Data Contributor/);
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
    expect(fault.message).toMatch(/^localhost:\d+ may not use the import container https:/);
    expect(fault.remedy).toMatch(/az iot hub identity assign --name localhost --system-assigned/);
    expect(rig.calls.filter(({ path }) => path === '/jobs/create')).toHaveLength(5);
    expect(await rig.left()).toEqual([]);
  });

  it('a connection string does not sign in to storage', async () => {
    const fault = await faultOf(importRig(blobs, { url: 'https://a.blob.core.windows.net/b' }));
    expect(fault.message).toMatch(/has no signature \(SAS\), and the connection string of localhost/);
    expect(fault.kind).toBe('usage');
  });
});

describe('a hub that', () => {
  it('may not use the container: nothing was written', async () => {
    const { url } = await newContainer(blobs);
    const rig = await importRig(blobs, { url, disturb: refusing('BlobContainerValidationError') });
    const fault = await faultOf(rig.write([create('a')]));
    expect(fault.message).toMatch(/may not use the import container .*BlobContainerValidationError/);
    expect(fault.remedy).toMatch(/the same signature \(SAS\) as the run: it needs the rights rwd/);
    expect(fault.message).not.toContain(secretOf(url));
    expect(await rig.left()).toEqual([]);
  });

  it('refuses the job for want of a right names it', async () => {
    const { url } = await newContainer(blobs);
    const sas = await importRig(blobs, { url, disturb: refusing('IotHubUnauthorizedAccess') });
    expect((await faultOf(sas.write([create('a')]))).message).toMatch(
      /for import jobs: the policy lacks Registry Write/,
    );
    const entra = await importRig(blobs, {
      url,
      credential: (hub) => ({
        kind: 'entra',
        host: hubHost(hub.host),
        principal: { name: 'the Entra application 1', assignee: '1' },
        token: async () => hub.mintToken({ roles: ['IoT Hub Registry Contributor'] }),
      }),
    });
    const fault = await faultOf(entra.write([create('a')]));
    expect(fault.message).toMatch(/import jobs needs the role IoT Hub Data Contributor/);
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
