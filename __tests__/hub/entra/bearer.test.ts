import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TokenWish } from '../../../src/emulator/access/bearer.ts';
import type { RoleName } from '../../../src/emulator/access/rights.ts';
import { makeAuthority } from '../../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { callFault } from '../../../src/hub/calls/faults.ts';
import type { EntraCredential } from '../../../src/hub/credential.ts';
import { renewing } from '../../../src/hub/entra/token.ts';
import type { Right } from '../../../src/hub/needs.ts';
import { openRegistry } from '../../../src/hub/registry.ts';
import { Fault } from '../../../src/model/fault.ts';
import { openSignIn } from '../../../src/run/sign-in.ts';
import { clientId, idToken, startEntra, tenantId } from '../../support/entra.ts';
import { faultOf, said } from '../../support/fault.ts';
import { create, deviceId, endpoint } from '../devices.ts';

let hub: EmbeddedHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
afterEach(() => {
  vi.useRealTimers();
  for (const { deviceId: id } of hub.registry.all()) hub.registry.remove(id);
});

const minute = 60_000;
const edge = deviceId('edge-1');
const principal = { name: 'the Entra application 1111', assignee: '1111' };

/** Opens the registry with tokens that are valid for `life` minutes. `given` are the tokens that were asked for. */
async function bearing(wish: TokenWish, life = 60) {
  const given: string[] = [];
  const acquire = async () => {
    const token = hub.mintToken({ expiresInSeconds: life * 60, principal: '1111', ...wish });
    given.push(token);
    return { token, expires: Date.now() + life * minute };
  };
  const credential: EntraCredential = {
    kind: 'entra',
    host: endpoint(hub.host),
    principal,
    token: renewing(acquire, Date.now),
  };
  return { registry: await open(credential), given };
}

async function open(credential: EntraCredential) {
  const registry = await openRegistry(credential, { userAgent: 'test', ca: hub.ca, sleep: async () => {} });
  onTestFinished(() => registry.close());
  return registry;
}

describe('a registry that is reached by bearer tokens', () => {
  it.each<[string, readonly RoleName[], Record<string, 'ok' | Right>]>([
    ['a reader', ['IoT Hub Data Reader'], { read: 'ok', query: 'ok', write: 'Registry Write' }],
    ['a registry contributor', ['IoT Hub Registry Contributor'], { read: 'ok', query: 'Service Connect', write: 'ok' }],
    [
      'both, as apply needs',
      ['IoT Hub Data Reader', 'IoT Hub Registry Contributor'],
      { read: 'ok', query: 'ok', write: 'ok' },
    ],
    ['nobody in particular', [], { read: 'Registry Read', query: 'Service Connect', write: 'Registry Write' }],
  ])('lets %s do what the role is for, and names the one that is missing', async (_, roles, expected) => {
    const { registry, given } = await bearing({ roles });
    const tries = {
      read: () => registry.readOne(edge),
      query: () => registry.readEdgeDevices(),
      write: () => registry.write([create('edge-1')]),
    };
    const calls = { read: 'GET on /devices/edge-1', query: 'POST on /devices/query', write: 'POST on /devices' };
    for (const [name, work] of Object.entries(tries)) {
      const right = expected[name];
      if (right === undefined || right === 'ok') {
        expect(await work()).not.toBeInstanceOf(Error);
        continue;
      }
      const fault = await faultOf(work());
      const call = calls[name as keyof typeof calls];
      const answer = `401, IotHubUnauthorized, Principal 1111 is not authorized for ${call} due to no assigned permissions`;
      expect(said(fault)).toEqual(said(callFault('role-missing', { host: hub.host, principal, right, answer })));
      for (const token of given) expect(`${fault.message}${fault.remedy}`).not.toContain(token);
    }
  });

  it('tells before anything is written whether tags may be, by a write that changes nothing', async () => {
    const writer: readonly RoleName[] = ['IoT Hub Data Reader', 'IoT Hub Registry Contributor'];
    const { registry } = await bearing({ roles: writer });
    await registry.write([create('edge-1')]);
    const before = hub.registry.get('edge-1');
    const fault = await faultOf(registry.requireTagWriting!(edge));
    const answer =
      '401, IotHubUnauthorized, Principal 1111 is not authorized for PATCH on /twins/edge-1 due to no assigned permissions';
    expect(said(fault)).toEqual(
      said(callFault('role-missing', { host: hub.host, principal, right: 'Twin Write', answer })),
    );
    expect(fault.remedy).toContain('--role "IoT Hub Twin Contributor"');
    const { registry: contributor } = await bearing({ roles: [...writer, 'IoT Hub Twin Contributor'] });
    for (const id of ['edge-1', 'gone']) await contributor.requireTagWriting!(deviceId(id));
    expect(hub.registry.get('edge-1')).toEqual(before);
  });

  it('refuses a token for another audience', async () => {
    const { registry } = await bearing({ audience: 'https://management.azure.com' });
    const details = { host: hub.host, principal, right: 'Registry Read' } as const;
    expect(said(await faultOf(registry.readOne(edge)))).toEqual(
      said(callFault('token-refused', { ...details, answer: '401, IotHubUnauthorizedAccess, Unauthorized' })),
    );
  });

  it('asks for no token before the first call, and for one in an hour', async () => {
    const { registry, given } = await bearing({});
    expect(given).toHaveLength(0);
    await registry.write([create('edge-1')]);
    await registry.readOne(edge);
    expect(given).toHaveLength(1);
  });

  it('goes on when tokens end in the middle of a run', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { registry, given } = await bearing({}, 10);
    for (let call = 0; call < 30; call++) {
      await registry.write([create(`edge-${call}`)]);
      vi.setSystemTime(Date.now() + 2 * minute);
    }
    expect(hub.registry.all()).toHaveLength(30);
    // An hour with tokens of ten minutes, each renewed after half of its life.
    expect(given).toHaveLength(10);
  });

  it('writes nothing without a token', async () => {
    const before = hub.counts().requests;
    const no = new Fault('no token', 'none');
    const registry = await open({
      kind: 'entra',
      host: endpoint(hub.host),
      principal: { name: 'x', assignee: 'x' },
      token: async () => Promise.reject(no),
    });
    await expect(registry.write([create('edge-1')])).rejects.toBe(no);
    await expect(registry.read([edge])).rejects.toBe(no);
    expect(hub.counts().requests).toBe(before);
  });

  it('signs in by GitHub and Entra, for as long as it takes, with another ID token each time', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const authority = await makeAuthority(new Date());
    const seconds = 3600;
    const entra = await startEntra({
      authority,
      token: () => ({ token: hub.mintToken({ expiresInSeconds: seconds }), seconds }),
    });
    const [credential] = await openSignIn({ way: 'github-oidc', clientId, tenantId }, [endpoint(hub.host)], {
      idToken: async (aud) => idToken({ aud }),
      mask: () => {},
      authorityHost: entra.url,
      ca: () => authority.ca,
    });
    if (credential?.kind !== 'entra') throw new Error('expected Entra');
    const registry = await open(credential);
    for (let call = 0; call < 12; call++) {
      await registry.write([create(`edge-${call}`)]);
      vi.setSystemTime(Date.now() + 30 * minute);
    }
    expect(hub.registry.all()).toHaveLength(12);
    expect(entra.exchanged).toHaveLength(6);
    expect(new Set(entra.exchanged).size).toBe(6);
  });
});
