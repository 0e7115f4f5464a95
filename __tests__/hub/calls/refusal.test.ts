import { describe, expect, it } from 'vitest';
import { HttpFailure, HttpResponse } from '../../../src/hub/calls/http.ts';
import { type RefusalContext, refusal } from '../../../src/hub/calls/refusal.ts';
import { refusedReply } from '../../../src/hub/calls/reply.ts';
import { unreachable } from '../../../src/hub/calls/unreachable.ts';
import type { HubCredential } from '../../../src/hub/credential.ts';
import { hubHost } from '../devices.ts';

const host = hubHost('contoso.azure-devices.net');
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
  it.each([
    [
      'a key it has not taken before',
      401,
      unauthorized,
      {},
      /refused the shared access key builder \(401, IotHubUnauthorizedAccess/,
      /regenerated.*date -u.*Registry Read/,
    ],
    [
      'a query, to a key it knows',
      401,
      unauthorized,
      { right: 'Service Connect', known: true } as const,
      /builder for queries: the policy lacks Service Connect$/,
      /registryReadWrite alone is not enough/,
    ],
    [
      'a write, to a key it knows',
      401,
      unauthorized,
      { right: 'Registry Write', known: true } as const,
      /for writing devices: the policy lacks Registry Write$/,
      /Registry Read, Registry Write and Service Connect/,
    ],
    [
      'beyond its quota',
      403,
      { Message: 'ErrorCode:IotHubQuotaExceeded;Total number of messages' },
      {},
      /used up its daily quota/,
      /midnight UTC/,
    ],
    ['since it is suspended', 403, { Message: 'ErrorCode:IotHubSuspended;x' }, {}, /is suspended/, /subscription/],
    ['by its network rules', 403, '', {}, /forbids reading devices \(403\)/, /IP filter/],
    [
      'since it is throttled',
      429,
      { Message: 'ErrorCode:ThrottlingBacklogTimeout;Wait 10 seconds' },
      {},
      /too busy.*Wait 10 seconds/,
      /units/,
    ],
    ['for a fault of its own', 503, '', {}, /has a fault \(503\)/, /later/],
    ['for no known reason', 404, 'not found', {}, /refused reading devices \(404\)/, /IoT Hub/],
  ])('%s', (_, status, body, context, message, remedy) => {
    const { fault } = refused(status, body, context);
    expect(fault.message).toMatch(message);
    expect(fault.message).toContain(host);
    expect(fault.remedy).toMatch(remedy);
    expect(fault.kind).toBe('world');
  });
});

describe('a hub that cannot be reached', () => {
  it.each([
    ['ENOTFOUND', /there is no hub contoso/, /spelling/],
    ['EAI_AGAIN', /could not be looked up/, /name service/],
    ['ECONNREFUSED', /takes no connections \(ECONNREFUSED\)/, /port/],
    ['CERT_HAS_EXPIRED', /is expired$/, /date -u/],
    ['CERT_NOT_YET_VALID', /is not valid yet$/, /date -u/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted here/, /ca-file/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /not trusted here/, /ca-file/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted here/, /ca-file/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another host/, /spelling/],
    ['EPROTO', /does not speak TLS/, /proxy/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/, /proxy/],
    ['PROXY_REFUSED', /no way to .*the proxy answered 407/, /NO_PROXY/],
    ['TOO_LARGE', /the proxy answered 407/, /No hub/],
    ['TIMEOUT', /did not answer in time/, /firewall/],
    ['ECONNRESET', /the connection to .* failed/, /Run it again/],
  ])('%s', (code, message, remedy) => {
    const cause = new HttpFailure(code, 'the proxy answered 407');
    const fault = unreachable(cause, host, undefined);
    expect(fault.message).toMatch(message);
    expect(fault.message).toContain(host);
    expect(fault.remedy).toMatch(remedy);
    expect(fault.cause).toBe(cause);
    expect(unreachable(cause, host, 'proxy.local:3128').message).toContain('through the proxy proxy.local:3128');
  });

  it.each(['localhost:8443', '127.0.0.1:8443', 'localhost'])(
    'at %s may be an embedded one that does not run',
    (name) => {
      const { remedy } = unreachable(new HttpFailure('ECONNREFUSED', 'no'), hubHost(name), undefined);
      expect(remedy).toMatch(/embedded hub may not be running/);
    },
  );

  it('elsewhere is no embedded one', () => {
    for (const name of ['contoso.azure-devices.net', 'localhost.example']) {
      const { remedy } = unreachable(new HttpFailure('ECONNREFUSED', 'no'), hubHost(name), undefined);
      expect(remedy).not.toMatch(/embedded/);
    }
  });

  it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])('for %s of its proxy', (code) => {
    const { message, remedy } = unreachable(new HttpFailure(code, 'no'), host, 'proxy.local:3128');
    expect(message).toMatch(
      /^no way to contoso\.azure-devices\.net through the proxy proxy\.local:3128: the (name of the )?proxy/,
    );
    expect(remedy).toMatch(/HTTPS_PROXY.*NO_PROXY/);
    expect(remedy).not.toContain(host);
  });
});

describe('a hub that refuses a bearer token', () => {
  const denied = {
    Message:
      'ErrorCode:IotHubUnauthorized;Principal 1111 is not authorized for GET on /devices/edge-1 due to no assigned permissions',
  };
  const nested = { Message: JSON.stringify({ errorCode: 401003, message: 'not today' }) };
  it.each([
    ['that may not read', 401, denied, { right: 'Registry Read' } as const, 'reading devices', 'IoT Hub Data Reader'],
    [
      'that may not write tags',
      401,
      denied,
      { right: 'Twin Write', known: true } as const,
      'writing tags',
      'IoT Hub Twin Contributor',
    ],
    ['that may not query', 401, nested, { right: 'Service Connect' } as const, 'queries', 'IoT Hub Data Reader'],
    [
      'that may not write',
      403,
      denied,
      { right: 'Registry Write' } as const,
      'writing devices',
      'IoT Hub Registry Contributor',
    ],
    [
      'that it has taken before',
      401,
      unauthorized,
      { right: 'Registry Write', known: true } as const,
      'writing devices',
      'IoT Hub Registry Contributor',
    ],
  ])('%s names the role and how to assign it', (_, status, body, context, doing, role) => {
    const { fault } = refused(status, body, { credential: bearer, ...context });
    expect(fault.message).toMatch(
      `contoso.azure-devices.net does not let the Entra application 1111 do this: ${doing} needs the role ${role} (${status}, `,
    );
    expect(fault.remedy).toContain(
      `az role assignment create --assignee 1111 --role "${role}" --scope "$(az iot hub show --name contoso --query id --output tsv)"`,
    );
    expect(fault.remedy).toContain(
      'plan, verify and list need the role IoT Hub Data Reader, apply IoT Hub Registry Contributor as well, and IoT Hub Twin Contributor for tags',
    );
  });

  it('for no reason that it tells asks for tenant, clock and role', () => {
    const { fault } = refused(401, unauthorized, { credential: bearer });
    expect(fault.message).toBe(
      'contoso.azure-devices.net refused the token of the Entra application 1111 (401, IotHubUnauthorizedAccess, Unauthorized)',
    );
    expect(fault.remedy).toMatch(/same tenant.*date -u.*--role "IoT Hub Data Reader".*apply IoT Hub Registry/);
  });

  it('by its network rules says so', () => {
    expect(refused(403, '', { credential: bearer }).fault.message).toMatch(/forbids reading devices \(403\)/);
  });
});
