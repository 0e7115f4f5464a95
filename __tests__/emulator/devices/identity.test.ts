import { describe, expect, it } from 'vitest';
import { createdDocument, deviceDocument, wantedIdentity } from '../../../src/emulator/devices/identity.ts';
import { Refused } from '../../../src/emulator/wire/errors.ts';
import { isJsonObject } from '../../../src/emulator/wire/json.ts';
import { fc } from '../../support/property.ts';
import { a40, b40, c64, edgeBody, key, refusal, testRegistry, wanted } from './identities.ts';

describe('device ids', () => {
  it.each([
    ['one character', 'x'],
    ['128 characters', 'x'.repeat(128)],
    ['every special character', "-._:%#*?!(),+=@$';"],
    ['two dots', '..'],
  ])('takes %s', (_, id) => {
    expect(wantedIdentity(id, {}).deviceId).toBe(id);
  });

  it.each([
    ['none', ''],
    ['129 characters', 'x'.repeat(129)],
    ['a space', 'a b'],
    ['a slash', 'a/b'],
    ['an umlaut', 'gerät'],
    ['a number', 7],
    ['nothing', undefined],
  ])('refuses %s', (_, id) => {
    expect(refusal(() => wantedIdentity(id, {}))).toMatch(/^ArgumentInvalid: The device identifier/);
  });
});

describe('thumbprints', () => {
  const withThumbprints = (primaryThumbprint: unknown, secondaryThumbprint: unknown) =>
    wantedIdentity('d', {
      authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint } },
    }).authentication;

  it.each([
    ['two of 40, in any case, kept as given', a40, b40],
    ['two of 64', c64, c64.toUpperCase()],
    ['one alone', a40, null],
    ['the second alone', null, c64],
    ['none', null, null],
  ])('takes %s', (_, primary, secondary) => {
    expect(withThumbprints(primary, secondary)).toEqual({ type: 'selfSigned', primary, secondary });
  });

  it.each([
    ['separators', a40.replace(/(..)(?=.)/g, '$1:'), a40],
    ['39 digits', a40.slice(1), a40],
    ['a letter that is no digit', `g${a40.slice(1)}`, a40],
    ['different lengths', a40, c64],
    ['a bad second one', a40, 'zz'],
  ])('refuses %s', (_, primary, secondary) => {
    expect(refusal(() => withThumbprints(primary, secondary))).toMatch(/StringIsNotThumbprint/);
  });

  it('refuses what is not text', () => {
    expect(refusal(() => withThumbprints(40, a40))).toMatch(/primaryThumbprint/);
  });
});

describe('authentication', () => {
  it.each([
    ['left out', undefined],
    ['sas without keys', { type: 'sas' }],
    [
      'sas with the empty keys that the stock SDK sends',
      { type: 'sas', symmetricKey: { primaryKey: '', secondaryKey: '' } },
    ],
  ])('asks for new keys when %s', (_, authentication) => {
    expect(wantedIdentity('d', { authentication }).authentication).toBeUndefined();
  });

  it('keeps given keys', () => {
    const authentication = { symmetricKey: { primaryKey: key, secondaryKey: key } };
    expect(wantedIdentity('d', { authentication }).authentication).toEqual({
      type: 'sas',
      primary: key,
      secondary: key,
    });
  });

  it.each([
    ['one key alone', { symmetricKey: { primaryKey: key } }, 'Either no keys or both keys can be set'],
    ['short keys', { symmetricKey: { primaryKey: 'Zm9v', secondaryKey: 'Zm9v' } }, 'Invalid device key length'],
    ['keys that are not base64', { symmetricKey: { primaryKey: '!'.repeat(44), secondaryKey: key } }, 'key length'],
    ['none, which only modules of the runtime have', { type: 'none' }, "'none' of 'authentication.type'"],
    ['an unknown type', { type: 'magic' }, "'magic' of 'authentication.type'"],
    ['no object', 'sas', "'sas' of 'authentication'"],
  ])('refuses %s', (_, authentication, text) => {
    expect(refusal(() => wantedIdentity('d', { authentication }))).toContain(text);
  });

  it('takes certificateAuthority, which has no pair', () => {
    const type = 'certificateAuthority';
    const found = wantedIdentity('d', {
      authentication: { type, symmetricKey: { primaryKey: key, secondaryKey: key } },
    });
    expect(found.authentication).toEqual({ type, primary: null, secondary: null });
  });

  it('takes thumbprints without a type for selfSigned', () => {
    const found = wantedIdentity('d', { authentication: { x509Thumbprint: { PrimaryThumbprint: a40 } } });
    expect(found.authentication).toEqual({ type: 'selfSigned', primary: a40, secondary: null });
  });
});

describe('the other fields', () => {
  it.each([
    ['a status that there is not', { status: 'asleep' }],
    ['a status that is no text', { status: 1 }],
    ['a reason over 128 characters', { statusReason: 'x'.repeat(129) }],
    ['an edge flag that is text', { capabilities: { iotEdge: 'true' } }],
    ['a scope that is no text', { deviceScope: 5 }],
    ['two parents', { parentScopes: ['a', 'b'] }],
    ['parents that are no list', { parentScopes: 'a' }],
    ['a parent that is no text', { parentScopes: [1] }],
  ])('refuses %s', (_, body) => {
    expect(refusal(() => wantedIdentity('d', body))).toMatch(/^ArgumentInvalid: The value/);
  });

  it('takes their nulls for absent, and the status in any case', () => {
    const body = { status: 'Disabled', statusReason: null, deviceScope: null, parentScopes: null, capabilities: null };
    expect(wantedIdentity('d', body)).toEqual({
      deviceId: 'd',
      status: 'disabled',
      statusReason: null,
      authentication: undefined,
      edge: false,
      deviceScope: undefined,
      parentScopes: undefined,
    });
  });

  it('reads or refuses any JSON, and never breaks', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (id, authentication, rest) => {
        try {
          wantedIdentity(id, { ...(isJsonObject(rest) ? rest : { status: rest, parentScopes: rest }), authentication });
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
        }
      }),
    );
  });
});

describe('the identity on the wire', () => {
  it('shows the thumbprints of an edge device, no keys, and its scope', () => {
    const identity = testRegistry().create(wanted(edgeBody('edge-1')));
    expect(deviceDocument(identity)).toEqual({
      deviceId: 'edge-1',
      generationId: '639029198450000000',
      etag: 'NDIxMDc1Mg==',
      connectionState: 'Disconnected',
      status: 'enabled',
      statusReason: null,
      connectionStateUpdatedTime: '0001-01-01T00:00:00Z',
      statusUpdatedTime: '0001-01-01T00:00:00Z',
      lastActivityTime: '0001-01-01T00:00:00Z',
      cloudToDeviceMessageCount: 0,
      authentication: {
        symmetricKey: { primaryKey: null, secondaryKey: null },
        x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 },
        type: 'selfSigned',
      },
      capabilities: { iotEdge: true },
      deviceScope: 'ms-azure-iot-edge://edge-1-639029198450000000',
    });
  });

  it('leaves the Z out of the times of a creation', () => {
    const identity = testRegistry().create(wanted({ deviceId: 'd' }));
    expect(createdDocument(identity)).toMatchObject({ statusUpdatedTime: '0001-01-01T00:00:00' });
  });
});
