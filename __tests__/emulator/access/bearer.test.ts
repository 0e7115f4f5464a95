import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenWish } from '../../../src/emulator/access/bearer.ts';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { call } from '../clients.ts';

let hub: EmbeddedHub;
let other: EmbeddedHub;
beforeAll(async () => {
  [hub, other] = await Promise.all([startHub(), startHub()]);
  hub.registry.put({ deviceId: 'd' });
});
afterAll(() => Promise.all([hub.close(), other.close()]));

const query = { query: 'SELECT * FROM devices' };

async function statusWith(token: string, method: string, path: string, body?: unknown): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, ...(method === 'DELETE' ? { 'if-match': '*' } : {}) };
  const answer = await call(hub, method, path, { headers, ...(body === undefined ? {} : { body }) });
  return answer.status < 300 ? 'ok' : `${answer.status} ${answer.headers['iothub-errorcode']}`;
}

describe('a bearer token', () => {
  it.each<[string, Record<string, string>]>([
    ['IoT Hub Data Contributor', { read: 'ok', write: 'ok', query: 'ok', bulk: 'ok', tag: 'ok' }],
    ['IoT Hub Data Reader', { read: 'ok', write: 'no', query: 'ok', bulk: 'no', tag: 'no' }],
    ['IoT Hub Registry Contributor', { read: 'ok', write: 'ok', query: 'no', bulk: 'ok', tag: 'no' }],
    ['IoT Hub Twin Contributor', { read: 'no', write: 'no', query: 'ok', bulk: 'no', tag: 'ok' }],
    ['Owner', { read: 'no', write: 'no', query: 'no', bulk: 'no', tag: 'no' }],
  ])('of the role %s', async (role, may) => {
    const wish: TokenWish = JSON.parse(JSON.stringify({ roles: [role] }));
    const token = hub.mintToken(wish);
    const etag = hub.registry.get('d')!.etag;
    const tries = {
      read: await statusWith(token, 'GET', '/devices/d'),
      write: await statusWith(token, 'PUT', '/devices/new', { deviceId: 'new' }),
      query: await statusWith(token, 'POST', '/devices/query', query),
      bulk: await statusWith(token, 'POST', '/devices', [{ id: 'd', importMode: 'updateIfMatchETag', eTag: etag }]),
      tag: await statusWith(token, 'PATCH', '/twins/d', { tags: { a: role } }),
    };
    if (hub.registry.get('new') !== undefined) hub.registry.remove('new');
    const expected = Object.entries(may).map(([name, word]) => [name, word === 'ok' ? 'ok' : '401 IotHubUnauthorized']);
    expect(Object.entries(tries)).toEqual(expected);
  });

  it('needs devices/write and devices/delete for a bulk', async () => {
    const bulk = [{ id: 'x', importMode: 'create' }];
    const without = hub.mintToken({ actions: ['devices/write'] });
    expect(await statusWith(without, 'POST', '/devices', bulk)).toBe('401 IotHubUnauthorized');
    const both = hub.mintToken({ actions: ['devices/write', 'devices/delete'] });
    expect(await statusWith(both, 'POST', '/devices', bulk)).toBe('ok');
  });

  it.each<[string, () => string]>([
    ['another audience', () => hub.mintToken({ audience: 'https://management.azure.com' })],
    ['an end in the past', () => hub.mintToken({ expiresInSeconds: -10 })],
    ['the signature of another hub', () => other.mintToken()],
    ['no signature', () => hub.mintToken().replace(/\.[^.]*$/, '.')],
    ['a part more', () => `${hub.mintToken()}.x`],
    [
      'the algorithm none',
      () => hub.mintToken().replace(/^[^.]+/, Buffer.from('{"typ":"JWT","alg":"none"}').toString('base64url')),
    ],
    [
      'other claims under its signature',
      () => hub.mintToken().replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
    ],
    ['nothing in it', () => ''],
  ])('is refused with %s', async (_, token) => {
    expect(await statusWith(token(), 'GET', '/devices/d')).toBe('401 IotHubUnauthorizedAccess');
  });

  it('says whose right is missing, and never the token', async () => {
    const token = hub.mintToken({ roles: ['IoT Hub Data Reader'], principal: 'repo:octo/fleet' });
    const answer = await call(hub, 'DELETE', '/devices/d', {
      headers: { authorization: `Bearer ${token}`, 'if-match': '*' },
    });
    expect(answer.text).toContain('repo:octo/fleet');
    expect(answer.text).not.toContain(token.split('.')[2]);
  });
});
