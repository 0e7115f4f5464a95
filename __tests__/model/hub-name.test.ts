import { describe, expect, it } from 'vitest';
import {
  allNames,
  classicName,
  deviceEndpoint,
  hubOf,
  isHubHost,
  nameForDevices,
  readHubName,
} from '../../src/model/hub-name.ts';
import { endpoint, hubHost } from '../hub/devices.ts';
import { fc } from '../support/property.ts';

describe('the names of a hub', () => {
  const three = ['contoso.azure-devices.net', 'contoso.device.azure-devices.net', 'contoso.service.azure-devices.net'];

  it.each([
    [three[0]!, three],
    [three[1]!, [three[1], three[0], three[2]]],
    [three[2]!, [three[2], three[0], three[1]]],
    ['contoso.azure-devices.cn', ['contoso.azure-devices.cn']],
    ['a.b.azure-devices.net', ['a.b.azure-devices.net']],
    ['localhost', ['localhost']],
  ])('of %s are %j', (given, expected) => {
    expect(allNames(endpoint(given))).toEqual(expected);
  });
});

describe('a host name of a hub', () => {
  it.each([
    ['contoso.azure-devices.net', 'contoso.azure-devices.net', 'classic'],
    ['contoso.device.azure-devices.net', 'contoso.azure-devices.net', 'device'],
    ['contoso.service.azure-devices.net', 'contoso.azure-devices.net', 'service'],
    ['Contoso.Device.Azure-Devices.NET', 'contoso.azure-devices.net', 'device'],
    ['contoso.device.azure-devices.net:8443', 'contoso.azure-devices.net:8443', 'device'],
    // Hubs may have these names.
    ['device.azure-devices.net', 'device.azure-devices.net', 'classic'],
    ['device.service.azure-devices.net', 'device.azure-devices.net', 'service'],
  ])('%s is one of %s', (text, hub, form) => {
    expect(readHubName(text)).toEqual({ kind: 'hub', hub, endpoint: text.toLowerCase(), form });
    expect(hubOf(endpoint(text))).toBe(hub);
    expect(classicName(text)).toBe(hub);
  });

  it.each([
    'a.b.device.azure-devices.net',
    'contoso.devices.azure-devices.net',
    'contoso.device.azure-devices.cn',
    'contoso.service.azure-devices.us',
    'contoso.device.azure-devices.net.evil.example',
    'contoso.device.evil.example',
    'xazure-devices.net',
    'localhost',
    'localhost:8443',
    '10.0.0.7:443',
    'hub:8443',
  ])('%s is as it is', (text) => {
    expect(readHubName(text)).toEqual({ kind: 'hub', hub: text, endpoint: text, form: 'classic' });
    expect(nameForDevices(hubHost(text), 'device')).toBe(text);
  });

  it('has no domain, and then means the one of the public cloud', () => {
    const meant = { hub: 'contoso.azure-devices.net', endpoint: 'contoso.azure-devices.net', form: 'classic' };
    expect(readHubName('Contoso')).toEqual({ kind: 'no-domain', meant });
    expect(readHubName('x'.repeat(250))).toEqual({ kind: 'not-a-host' });
  });

  it.each([
    '',
    'a..b',
    '.azure-devices.net',
    'a b',
    'https://contoso.azure-devices.net',
    'a.b:',
    'a_b.c',
    '[::1]:8443',
  ])('%j is none', (text) => {
    expect(readHubName(text)).toEqual({ kind: 'not-a-host' });
  });

  it('identifies a hub only if it is the classic one', () => {
    expect(isHubHost('contoso.azure-devices.net')).toBe(true);
    expect(isHubHost('contoso.device.azure-devices.net')).toBe(false);
    expect(isHubHost('contoso.service.azure-devices.net')).toBe(false);
  });
});

describe('a device', () => {
  const contoso = hubHost('contoso.azure-devices.net');

  it('is given the classic name or the one for devices, never with a port', () => {
    expect(deviceEndpoint(contoso)).toBe('contoso.azure-devices.net');
    expect(deviceEndpoint(contoso, 'classic')).toBe('contoso.azure-devices.net');
    expect(deviceEndpoint(contoso, 'device')).toBe('contoso.device.azure-devices.net');
    expect(deviceEndpoint(hubHost('localhost:8443'), 'device')).toBe('localhost');
    expect(nameForDevices(hubHost('contoso.azure-devices.net:8443'), 'device')).toBe(
      'contoso.device.azure-devices.net:8443',
    );
  });
});

it('all names that are read lead to a hub that is read as itself, and back to the name for devices', () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?$/);
  const domain = fc.constantFrom(
    '.azure-devices.net',
    '.Device.azure-devices.net',
    '.service.azure-devices.net',
    '.x.example',
  );
  fc.assert(
    fc.property(label, domain, fc.constantFrom('', ':8443'), (name, rest, port) => {
      const read = readHubName(name + rest + port);
      if (read.kind !== 'hub') throw new Error(`${name}${rest}${port} is a host name`);
      expect(readHubName(read.hub)).toMatchObject({ kind: 'hub', hub: read.hub, endpoint: read.hub, form: 'classic' });
      if (read.form === 'device') expect(nameForDevices(read.hub, 'device')).toBe(read.endpoint);
    }),
  );
});
