import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bulkEntry, deviceCount, registeredDevice } from '../../../src/hub/calls/wire.ts';
import { fc } from '../../support/property.ts';
import { create, deviceId, thumbprint } from '../devices.ts';

const identity = {
  deviceId: 'edge-001',
  generationId: '637612875237574816',
  etag: 'MTAwNzI1OTI3Mw==',
  connectionState: 'Disconnected',
  status: 'disabled',
  statusReason: null,
  authentication: {
    symmetricKey: { primaryKey: null, secondaryKey: null },
    x509Thumbprint: { primaryThumbprint: thumbprint('A'), secondaryThumbprint: thumbprint('B') },
    type: 'selfSigned',
  },
  capabilities: { iotEdge: true },
  deviceScope: 'ms-azure-iot-edge://edge-001-1',
  parentScopes: ['ms-azure-iot-edge://top-1'],
};

const row = {
  deviceId: 'edge-001',
  etag: 'AAAAAAAAAAI=',
  deviceEtag: 'MTAwNzI1OTI3Mw==',
  status: 'disabled',
  authenticationType: 'selfSigned',
  x509Thumbprint: { PrimaryThumbprint: thumbprint('A'), secondaryThumbprint: thumbprint('B') },
  capabilities: { iotEdge: true },
  deviceScope: 'ms-azure-iot-edge://edge-001-1',
  parentScopes: ['ms-azure-iot-edge://top-1'],
  tags: {},
};

const expected = {
  id: 'edge-001',
  etag: 'MTAwNzI1OTI3Mw==',
  edge: true,
  authentication: 'selfSigned',
  thumbprints: { primary: thumbprint('A'), secondary: thumbprint('B') },
  status: 'disabled',
  deviceScope: 'ms-azure-iot-edge://edge-001-1',
  parentScopes: ['ms-azure-iot-edge://top-1'],
};

describe('a device on the wire', () => {
  it('is the same out of an identity and out of a row of a query', () => {
    expect(registeredDevice(identity)).toEqual(expected);
    expect(registeredDevice(row)).toEqual(expected);
  });

  it.each<[unknown, number | undefined]>([
    ['2026-01-28T16:24:48.789Z', Date.UTC(2026, 0, 28, 16, 24, 48, 789)],
    ['2026-01-28T16:24:48.789', Date.UTC(2026, 0, 28, 16, 24, 48, 789)],
    ['0001-01-01T00:00:00', undefined],
    ['0001-01-01T00:00:00Z', undefined],
    ['yesterday', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('that was last active at %j is known to have been', (lastActivityTime, lastActivity) => {
    // A time without a zone must not be read as that of the machine.
    vi.stubEnv('TZ', 'America/New_York');
    onTestFinished(() => void vi.unstubAllEnvs());
    const more = lastActivity === undefined ? {} : { lastActivity };
    for (const device of [identity, row]) {
      expect(registeredDevice({ ...device, lastActivityTime })).toStrictEqual({ ...expected, ...more });
    }
  });

  it('may have no thumbprints, parents, scope or reason', () => {
    const { x509Thumbprint, capabilities, deviceScope, parentScopes, ...bare } = row;
    const none = { primaryThumbprint: null, secondaryThumbprint: null };
    for (const device of [bare, { ...bare, x509Thumbprint: none, parentScopes: [], deviceScope: null }]) {
      expect(registeredDevice({ ...device, authenticationType: 'sas', status: 'Enabled' })).toEqual({
        id: 'edge-001',
        etag: 'MTAwNzI1OTI3Mw==',
        edge: false,
        authentication: 'sas',
        thumbprints: {},
        status: 'enabled',
      });
    }
  });

  it('keeps its reason, and its etag without quotes', () => {
    const { statusReason, etag } = registeredDevice({ ...identity, statusReason: 'stolen', etag: '"MTA="' }) ?? {};
    expect({ statusReason, etag }).toEqual({ statusReason: 'stolen', etag: 'MTA=' });
  });

  it.each([
    ['no id', { ...identity, deviceId: undefined }],
    ['an id that is none', { ...identity, deviceId: 'a b' }],
    ['no etag', { ...identity, etag: null }],
    ['an unknown status', { ...identity, status: 'asleep' }],
    ['an unknown authentication', { ...identity, authentication: { type: 'magic' } }],
    ['no authentication', { ...identity, authentication: null }],
    ['a list', [identity]],
    ['a text', 'edge-001'],
    ['nothing', null],
  ])('is not understood with %s', (_, value) => {
    expect(registeredDevice(value)).toBeUndefined();
  });

  it('never throws, whatever the hub sends', () => {
    const member = fc.record(
      Object.fromEntries(Object.keys({ ...identity, ...row }).map((name) => [name, fc.jsonValue()])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), member), (value) => {
        registeredDevice(value);
        deviceCount(value);
      }),
    );
  });
});

describe('an entry of a bulk call', () => {
  it('is the whole identity of an edge device with thumbprints', () => {
    expect(bulkEntry(create('edge-001'))).toEqual({
      deviceId: 'edge-001',
      status: 'enabled',
      authentication: {
        type: 'selfSigned',
        x509Thumbprint: { primaryThumbprint: thumbprint('A'), secondaryThumbprint: thumbprint('B') },
      },
      capabilities: { iotEdge: true },
    });
  });

  it('sends back what the hub had of an updated device, and the etag', () => {
    const registration = {
      id: deviceId('edge-001'),
      thumbprints: { primary: thumbprint('A'), secondary: thumbprint('A') },
      status: 'disabled',
      statusReason: 'stolen',
      deviceScope: 'ms-azure-iot-edge://edge-001-1',
      parentScopes: ['ms-azure-iot-edge://top-1'],
    } as const;
    expect(bulkEntry({ mode: 'update', registration, etag: 'MTA=' })).toMatchObject({
      eTag: 'MTA=',
      status: 'disabled',
      statusReason: 'stolen',
      deviceScope: 'ms-azure-iot-edge://edge-001-1',
      parentScopes: ['ms-azure-iot-edge://top-1'],
    });
  });
});

describe('statistics', () => {
  it.each([
    [{ totalDeviceCount: 7, enabledDeviceCount: 7 }, 7],
    [{ totalDeviceCount: '7' }, undefined],
    [{}, undefined],
    ['', undefined],
  ])('%j count %s devices', (value, count) => {
    expect(deviceCount(value)).toBe(count);
  });
});
