import { createHmac, X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { type SelfSigned, selfSigned } from '../../support/certificate.ts';
import { call } from '../clients.ts';
import { edgeBody, key } from '../devices/identities.ts';

interface Shown {
  readonly agent: Agent;
  readonly thumbprint: string;
  readonly sha256: string;
}

const other = Buffer.alloc(32, 9).toString('base64');
const version = '2017-11-08-preview';
let hub: EmbeddedHub;
let own: Shown;
let another: Shown;
let expired: Shown;

async function certificate(name: string, wanted: SelfSigned = {}): Promise<Shown> {
  const { certificate: cert, key } = await selfSigned({ subject: [{ CN: [name] }], ...wanted });
  const { fingerprint, fingerprint256 } = new X509Certificate(cert);
  const bare = (text: string) => text.replaceAll(':', '').toLowerCase();
  return {
    agent: new Agent({ keepAlive: true, ca: hub.ca, cert, key }),
    thumbprint: bare(fingerprint),
    sha256: bare(fingerprint256),
  };
}

beforeAll(async () => {
  hub = await startHub();
  own = await certificate('own');
  another = await certificate('another');
  expired = await certificate('expired', { from: -7_200_000, to: -3_600_000 });
});
afterAll(async () => {
  for (const { agent } of [own, another, expired]) agent.destroy();
  await hub.close();
});
beforeEach(() => {
  hub.reset();
  hub.registry.put(edgeBody('Edge-1', thumbprints(another.sha256, own.sha256)));
});

function thumbprints(primaryThumbprint: string, secondaryThumbprint: string) {
  return { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint } } };
}

const keys = { authentication: { type: 'sas', symmetricKey: { primaryKey: other, secondaryKey: key } } };

/** Hexadecimal digits are base64 too. */
function keysLike(primaryKey: string) {
  return { authentication: { type: 'sas', symmetricKey: { primaryKey, secondaryKey: primaryKey } } };
}

/** A call with a certificate and no signature, as identityd makes it. */
const shown = ({ agent }: Shown, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  call(hub, method, path, { agent, body, version, headers: { authorization: '', ...headers } });

/** The signature that identityd makes: over the resource in lower case, encoded as a whole, without a policy. */
function signed(device: string, { secret = key, seconds = 30 } = {}): string {
  const resource = encodeURIComponent(`${hub.host}/devices/${device}`.toLowerCase());
  const expiry = Math.floor(Date.now() / 1000) + seconds;
  const sig = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(sig)}&se=${expiry}`;
}

describe.each([
  ['by its certificate', () => ({ agent: own.agent, headers: { authorization: '' } })],
  ['by its key', () => ({ headers: { authorization: signed('Edge-1') } })],
])('a device that signs in %s', (way, proof) => {
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const { headers: signing, ...rest } = { agent: undefined, ...proof() };
    const agent = rest.agent === undefined ? {} : { agent: rest.agent };
    return call(hub, method, path, { ...agent, body, version, headers: { ...signing, ...headers } });
  };

  beforeEach(() => {
    if (way === 'by its key') hub.registry.put(edgeBody('Edge-1', keys));
  });

  // The calls of aziot-identityd and their order: hub/mod.rs in Azure/iot-identity-service.
  it('lists its modules, makes one, gives it keys, reads and deletes it, as identityd does', async () => {
    const listed = await ask('GET', '/devices/Edge-1/modules');
    expect(listed.json.map((module: { moduleId: string }) => module.moduleId)).toEqual(['$edgeAgent', '$edgeHub']);
    const body = { moduleId: 'filter', deviceId: 'Edge-1' };
    const { json: made } = await ask('PUT', '/devices/Edge-1/modules/filter', body);
    expect(made).toMatchObject({ ...body, generationId: expect.any(String), authentication: { type: 'sas' } });
    const derived = { symmetricKey: { primaryKey: key, secondaryKey: other }, type: 'sas' };
    const changed = { ...body, authentication: derived };
    const { status } = await ask('PUT', '/devices/Edge-1/modules/filter', changed, { 'if-match': '*' });
    expect(status).toBe(200);
    const agent = { moduleId: '$edgeAgent', deviceId: 'Edge-1', authentication: derived };
    expect((await ask('PUT', '/devices/Edge-1/modules/$edgeAgent', agent, { 'if-match': '*' })).status).toBe(200);
    const read = await ask('GET', '/devices/Edge-1/modules/filter');
    expect(read.json.authentication.symmetricKey).toEqual(derived.symmetricKey);
    const gone = await ask('DELETE', '/devices/Edge-1/modules/filter', undefined, { 'if-match': '*' });
    expect([gone.status, gone.text]).toEqual([204, '']);
  });

  it('may do nothing else, and nothing for another device', async () => {
    hub.registry.put(
      edgeBody('Edge-2', {
        authentication: { ...keys.authentication, symmetricKey: { primaryKey: other, secondaryKey: other } },
      }),
    );
    const paths = [
      '/devices/Edge-2/modules',
      '/devices/Edge-1',
      '/twins/Edge-1',
      '/devices',
      '/devices/nobody/modules',
    ];
    const answers = await Promise.all(paths.map((path) => ask('GET', path)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    // Only calls about modules are refused in the form of the service's other part.
    const plain = answers.map(({ json }) => json.Message.startsWith('ErrorCode:IotHubUnauthorizedAccess;'));
    expect(plain).toEqual([false, true, true, true, false]);
  });

  it('is refused while it is disabled', async () => {
    hub.registry.put({ ...hub.registry.get('Edge-1'), status: 'disabled', ...(way === 'by its key' ? keys : {}) });
    const { status, json } = await ask('GET', '/devices/Edge-1/modules');
    expect(status).toBe(401);
    expect(JSON.parse(json.Message)).toMatchObject({ errorCode: 401002 });
  });
});

describe('a certificate', () => {
  const list = async (by: Shown) => (await shown(by, 'GET', '/devices/Edge-1/modules')).status;

  it.each<[string, () => object, number]>([
    ['by SHA-1', () => thumbprints(own.thumbprint, own.thumbprint), 200],
    ['in capitals', () => thumbprints(own.thumbprint.toUpperCase(), another.thumbprint), 200],
    ['that is not among the thumbprints', () => thumbprints(another.sha256, expired.sha256), 401],
    ['where no thumbprint is set', () => ({ authentication: { type: 'selfSigned' } }), 401],
    ['where keys are expected', () => keys, 401],
    ['that looks like a key', () => keysLike(own.thumbprint.toUpperCase()), 401],
    ['where a certificate authority is expected', () => ({ authentication: { type: 'certificateAuthority' } }), 401],
  ])('%s', async (_, authentication, status) => {
    hub.registry.put(edgeBody('Edge-1', authentication()));
    expect(await list(own)).toBe(status);
  });

  it('is refused when it has expired', async () => {
    hub.registry.put(edgeBody('Edge-1', thumbprints(expired.sha256, own.sha256)));
    expect([await list(expired), await list(own)]).toEqual([401, 200]);
  });

  it('does not stand in the way of a signature', async () => {
    const policy = await call(hub, 'GET', '/devices/Edge-1/modules', { agent: another.agent });
    expect(policy.status).toBe(200);
  });
});

it.each<[string, () => string, number]>([
  ['with the other key', () => signed('Edge-1', { secret: other }), 200],
  [
    'with a key that is not the device’s',
    () => signed('Edge-1', { secret: Buffer.alloc(32, 3).toString('base64') }),
    401,
  ],
  ['that has expired', () => signed('Edge-1', { seconds: -1 }), 401],
  ['for another device', () => signed('Edge-2'), 401],
  ['for the whole hub', () => signed('Edge-1').replace(/%2Fdevices%2Fedge-1/, ''), 401],
  ['of a policy that is named', () => `${signed('Edge-1')}&skn=device`, 401],
])('a signature %s', async (_, authorization, status) => {
  hub.registry.put(edgeBody('Edge-1', keys));
  const headers = { authorization: authorization() };
  expect((await call(hub, 'GET', '/devices/Edge-1/modules', { headers, version })).status).toBe(status);
});

it('a signature is worth nothing where a certificate is expected', async () => {
  const headers = { authorization: signed('Edge-1') };
  expect((await call(hub, 'GET', '/devices/Edge-1/modules', { headers, version })).status).toBe(401);
});
