import { describe, expect, it } from 'vitest';
import { callFault } from '../../../src/hub/calls/faults.ts';
import { HttpFailure, HttpResponse } from '../../../src/hub/calls/http.ts';
import { type RefusalContext, refusal } from '../../../src/hub/calls/refusal.ts';
import { refusedReply } from '../../../src/hub/calls/reply.ts';
import { unreachable } from '../../../src/hub/calls/unreachable.ts';
import type { HubCredential } from '../../../src/hub/credential.ts';
import type { Right } from '../../../src/hub/needs.ts';
import type { Fault } from '../../../src/model/fault.ts';
import { said } from '../../support/fault.ts';
import { endpoint } from '../devices.ts';

const host = endpoint('contoso.azure-devices.net');
const key: HubCredential = { kind: 'sas', host, keyName: 'builder', key: 'a2V5' };
const principal = { name: 'the Entra application 1111', assignee: '1111' };
const bearer: HubCredential = { kind: 'entra', host, principal, token: async () => 'token' };

function refused(status: number, body: unknown, context: Partial<RefusalContext> = {}, header?: string) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = refusedReply(
    new HttpResponse(status, header === undefined ? {} : { 'iothub-errorcode': header }, text),
  );
  if (reply.kind !== 'refused') throw new Error('expected a refusal');
  return {
    error: reply.error,
    fault: refusal(reply, { credential: key, right: 'Registry Read', known: false, ...context }),
  };
}

const unauthorized = { Message: 'ErrorCode:IotHubUnauthorizedAccess;Unauthorized', ExceptionMessage: 'Tracking ID:1' };

describe('what the hub said', () => {
  it.each([
    ['the usual envelope', { Message: 'ErrorCode:DeviceNotFound;edge-001' }, undefined, 'DeviceNotFound', 'edge-001'],
    ['semicolons in the words', { Message: 'ErrorCode:X;a;b' }, undefined, 'X', 'a;b'],
    [
      'the second envelope',
      { errorCode: 409301, message: 'contains a module' },
      undefined,
      '409301',
      'contains a module',
    ],
    [
      'the second within the first',
      { Message: '{"errorCode":404103,"message":"not online"}' },
      undefined,
      '404103',
      'not online',
    ],
    ['the header before the body', { errorCode: 404001, message: 'no' }, 'DeviceNotFound', 'DeviceNotFound', 'no'],
    ['words alone', { Message: 'go away' }, undefined, '', 'go away'],
    ['an envelope without words', { Message: 'ErrorCode:X' }, undefined, 'X', ''],
    ['something else', { Message: 7 }, undefined, '', ''],
    ['a page', '<html>', undefined, '', ''],
    ['nothing', '', undefined, '', ''],
  ])('is read from %s', (_, body, header, code, message) => {
    expect(refused(400, body, {}, header).error).toEqual({ code, message });
  });
});

describe('a hub or proxy that echoes what it was sent', () => {
  const echo = `SharedAccessSignature sr=contoso&sig=c2lnbmF0dXJl%3D&se=1 ${'x'.repeat(1_000)}`;
  it.each([
    ['in the header', '', echo],
    ['in the code of the usual envelope', { Message: `ErrorCode:Bearer c2lnbmF0dXJl ${'x'.repeat(1_000)}` }, undefined],
    ['in the code of the second envelope', { errorCode: echo, message: '' }, undefined],
    ['in the words', { errorCode: '', message: echo }, undefined],
  ])('%s shows no signature, and little of the rest', (_, body, header) => {
    const { error, fault } = refused(400, body, {}, header);
    expect(`${error.code}${error.message}`).toMatch(/ \*\*\* x+$/);
    expect(`${error.code}${error.message}`).toHaveLength(400);
    expect(`${JSON.stringify(error)}${fault.message}${fault.remedy}`).not.toMatch(/c2lnbmF0dXJl|sr=/);
  });
});

describe('a hub that refuses', () => {
  it.each<[string, number, unknown, Partial<RefusalContext>, Fault]>([
    [
      'a key it has not taken before',
      401,
      unauthorized,
      {},
      callFault('key-refused', {
        host,
        keyName: 'builder',
        right: 'Registry Read',
        answer: '401, IotHubUnauthorizedAccess, Unauthorized',
      }),
    ],
    [
      'a query, to a key it knows',
      401,
      unauthorized,
      { right: 'Service Connect', known: true },
      callFault('policy-lacks-right', { host, keyName: 'builder', right: 'Service Connect' }),
    ],
    [
      'a write, to a key it knows',
      401,
      unauthorized,
      { right: 'Registry Write', known: true },
      callFault('policy-lacks-right', { host, keyName: 'builder', right: 'Registry Write' }),
    ],
    [
      'beyond its quota',
      403,
      { Message: 'ErrorCode:IotHubQuotaExceeded;Total number of messages' },
      {},
      callFault('quota-exceeded', { host, answer: '403, IotHubQuotaExceeded, Total number of messages' }),
    ],
    [
      'since it is suspended',
      403,
      { Message: 'ErrorCode:IotHubSuspended;x' },
      {},
      callFault('hub-suspended', { host, answer: '403, IotHubSuspended, x' }),
    ],
    ['by its network rules', 403, '', {}, callFault('call-forbidden', { host, right: 'Registry Read', answer: '403' })],
    [
      'since it is throttled',
      429,
      { Message: 'ErrorCode:ThrottlingBacklogTimeout;Wait 10 seconds' },
      {},
      callFault('hub-busy', { host, answer: '429, ThrottlingBacklogTimeout, Wait 10 seconds' }),
    ],
    ['for a fault of its own', 503, '', {}, callFault('hub-busy', { host, answer: '503' })],
    [
      'for no known reason',
      404,
      'not found',
      { right: 'Twin Write' },
      callFault('call-refused', { host, right: 'Twin Write', answer: '404' }),
    ],
  ])('%s', (_, status, body, context, expected) => {
    const { fault } = refused(status, body, context);
    expect(said(fault)).toEqual(said(expected));
    expect(fault.message).toContain(host);
    expect(fault.kind).toBe('world');
  });

  it.each<[Right, string, string]>([
    ['Registry Read', 'reading devices', 'Registry Read'],
    ['Registry Write', 'writing devices', 'Registry Write'],
    ['Service Connect', 'queries', 'Service Connect'],
    ['Twin Write', 'writing tags', 'Service Connect'],
    ['Import Jobs', 'import jobs', 'Registry Write'],
  ])('for want of %s names what was tried, and the right of a policy', (right, doing, policyRight) => {
    const { message } = refused(401, unauthorized, { right, known: true }).fault;
    expect(message).toContain(doing);
    expect(message).toContain(policyRight);
  });
});

const proxy = 'proxy.local:3128';

describe('a hub that cannot be reached', () => {
  const failure = 'the proxy answered 407';
  it.each<[string, Fault, Fault]>([
    ['ENOTFOUND', callFault('unknown-host', { host }), callFault('proxy-unknown-host', { host, proxy })],
    ['EAI_AGAIN', callFault('name-service', { host }), callFault('proxy-name-service', { host, proxy })],
    ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].map((code): [string, Fault, Fault] => [
      code,
      callFault('connection-refused', { host, code }),
      callFault('proxy-connection-refused', { host, proxy, code }),
    ]),
    both('CERT_HAS_EXPIRED', 'certificate-expired', { code: 'CERT_HAS_EXPIRED' }),
    both('CERT_NOT_YET_VALID', 'certificate-expired', { code: 'CERT_NOT_YET_VALID' }),
    both('DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-untrusted', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    both('SELF_SIGNED_CERT_IN_CHAIN', 'certificate-untrusted', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    both('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-untrusted', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
    both('ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-other-name', {}),
    both('EPROTO', 'not-tls', { code: 'EPROTO' }),
    both('ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    both('PROXY_REFUSED', 'proxy-refused-tunnel', { failure }),
    both('TOO_LARGE', 'answer-too-large', { failure }),
    both('TIMEOUT', 'timeout', { failure }),
    both('ECONNRESET', 'connection-broken', { failure }),
  ])('%s', (code, direct, proxied) => {
    const cause = new HttpFailure(code, failure);
    const fault = unreachable(cause, host, undefined);
    expect(said(fault)).toEqual(said(direct));
    expect(fault.message).toContain(host);
    expect(fault.cause).toBe(cause);
    const throughProxy = unreachable(cause, host, proxy);
    expect(said(throughProxy)).toEqual(said(proxied));
    expect(throughProxy.message).toContain(proxy);
  });

  const refusedBy = (name: string) => unreachable(new HttpFailure('ECONNREFUSED', 'no'), endpoint(name), undefined);

  it('tells an expired certificate from one of the future', () => {
    const [expired, early] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'].map((code) =>
      unreachable(new HttpFailure(code, 'no'), host, undefined),
    );
    expect(expired?.message).not.toBe(early?.message);
  });

  it.each(['localhost:8443', '127.0.0.1:8443', 'localhost'])(
    'at %s may be an embedded one that does not run',
    (name) => {
      expect(refusedBy(name).remedy).toContain('provision-iot-edge hub');
    },
  );

  it('elsewhere is no embedded one', () => {
    for (const name of ['contoso.azure-devices.net', 'localhost.example']) {
      expect(refusedBy(name).remedy).not.toMatch(/embedded/);
    }
  });

  it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])('for %s of its proxy', (code) => {
    const { message, remedy } = unreachable(new HttpFailure(code, 'no'), host, proxy);
    expect(message).toContain(proxy);
    expect(remedy).toMatch(/HTTPS_PROXY.*NO_PROXY/);
    expect(remedy).not.toContain(host);
  });
});

type UnreachedRow = 'certificate-expired' | 'certificate-untrusted' | 'not-tls';
type FailedRow = 'proxy-refused-tunnel' | 'answer-too-large' | 'timeout' | 'connection-broken';

/** The fault of a failure with this code, without a proxy and through one. */
function both(code: string, row: UnreachedRow, details: { readonly code: string }): [string, Fault, Fault];
function both(code: string, row: FailedRow, details: { readonly failure: string }): [string, Fault, Fault];
function both(code: string, row: 'certificate-other-name', details: object): [string, Fault, Fault];
function both(
  code: string,
  row: UnreachedRow | FailedRow | 'certificate-other-name',
  details: object,
): [string, Fault, Fault] {
  return [code, callFault(row, { host, ...details }), callFault(row, { host, proxy, ...details })];
}

describe('a hub that refuses a bearer token', () => {
  const denied = {
    Message:
      'ErrorCode:IotHubUnauthorized;Principal 1111 is not authorized for GET on /devices/edge-1 due to no assigned permissions',
  };
  const deniedWords =
    'IotHubUnauthorized, Principal 1111 is not authorized for GET on /devices/edge-1 due to no assigned permissions';
  const nested = { Message: JSON.stringify({ errorCode: 401003, message: 'not today' }) };
  const refusedWords = '401, IotHubUnauthorizedAccess, Unauthorized';
  it.each<[string, number, unknown, Partial<RefusalContext> & { right: Right }, string, string]>([
    ['that may not read', 401, denied, { right: 'Registry Read' }, `401, ${deniedWords}`, 'IoT Hub Data Reader'],
    [
      'that may not write tags',
      401,
      denied,
      { right: 'Twin Write', known: true },
      `401, ${deniedWords}`,
      'IoT Hub Twin Contributor',
    ],
    ['that may not query', 401, nested, { right: 'Service Connect' }, '401, 401003, not today', 'IoT Hub Data Reader'],
    [
      'that may not write',
      403,
      denied,
      { right: 'Registry Write' },
      `403, ${deniedWords}`,
      'IoT Hub Registry Contributor',
    ],
    [
      'that it has taken before',
      401,
      unauthorized,
      { right: 'Registry Write', known: true },
      refusedWords,
      'IoT Hub Registry Contributor',
    ],
  ])('%s names the role and how to assign it', (_, status, body, context, answer, role) => {
    const { fault } = refused(status, body, { credential: bearer, ...context });
    expect(said(fault)).toEqual(said(callFault('role-missing', { host, principal, right: context.right, answer })));
    expect(fault.message).toContain(role);
    expect(fault.remedy).toContain(
      `az role assignment create --assignee 1111 --role "${role}" --scope "$(az iot hub show --name contoso --query id --output tsv)"`,
    );
    for (const needed of ['IoT Hub Data Reader', 'IoT Hub Registry Contributor', 'IoT Hub Twin Contributor']) {
      expect(fault.remedy).toContain(needed);
    }
  });

  it('for no reason that it tells asks for tenant, clock and role', () => {
    const { fault } = refused(401, unauthorized, { credential: bearer });
    const details = { host, principal, right: 'Registry Read', answer: refusedWords } as const;
    expect(said(fault)).toEqual(said(callFault('token-refused', details)));
    expect(fault.remedy).toMatch(/--name contoso .*date -u.*--role "IoT Hub Data Reader"/);
  });

  it('by its network rules says so', () => {
    const { fault } = refused(403, '', { credential: bearer });
    expect(said(fault)).toEqual(said(callFault('call-forbidden', { host, right: 'Registry Read', answer: '403' })));
  });
});
