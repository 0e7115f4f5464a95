import { DeviceMethod } from 'azure-iothub/dist/device_method.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { call, stockClient } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

let hub: EmbeddedHub;
beforeAll(async () => {
  hub = await startHub();
  hub.registry.put(edgeBody('d'));
});
afterAll(() => hub.close());

const paths = ['/twins/d/methods', '/twins/d/modules/$edgeAgent/methods'];
const method = { methodName: 'reboot', payload: { delay: 5 }, responseTimeoutInSeconds: 30 };

describe('a direct method', () => {
  it.each(paths)('finds no device online, in the words of the service: %s', async (path) => {
    const { status, headers, json } = await call(hub, 'POST', path, { body: method });
    expect([status, headers['iothub-errorcode'], json.ExceptionMessage]).toEqual([404, 'DeviceNotOnline', '']);
    expect(JSON.parse(json.Message)).toEqual({
      errorCode: 404103,
      message:
        "The operation failed because the requested device isn't online. To learn more, see https://aka.ms/iothub404103",
      trackingId: expect.stringMatching(/^[0-9a-f]{32}-G:0-TimeStamp:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      timestampUtc: expect.stringMatching(/Z$/),
      info: null,
    });
  });

  it('of the stock SDK too, for a device and a module', async () => {
    const { client, close } = stockClient(hub);
    try {
      for (const invoked of [
        new DeviceMethod({ methodName: 'reboot' }, client).invokeOn('d'),
        new DeviceMethod({ methodName: 'reboot' }, client).invokeOnModule('d', '$edgeHub'),
      ]) {
        await expect(Promise.resolve(invoked)).rejects.toMatchObject({
          responseBody: expect.stringContaining('404103'),
        });
      }
    } finally {
      close();
    }
  });

  it.each<[string, object, number, string]>([
    ['without a name', { methodName: undefined }, 400, 'ArgumentNull'],
    ['with an empty name', { methodName: '' }, 400, 'ArgumentInvalid'],
    ['with a name that is a number', { methodName: 1 }, 400, 'ArgumentInvalid'],
    ['that shall answer in 4 s', { responseTimeoutInSeconds: 4 }, 400, 'ArgumentInvalid'],
    ['that shall answer in 5 s', { responseTimeoutInSeconds: 5 }, 404, 'DeviceNotOnline'],
    ['that shall answer in 301 s', { responseTimeoutInSeconds: 301 }, 400, 'ArgumentInvalid'],
    ['that shall connect in 30 s', { connectTimeoutInSeconds: 30 }, 404, 'DeviceNotOnline'],
    ['that may connect later than it answers', { connectTimeoutInSeconds: 31 }, 400, 'ArgumentInvalid'],
    ['with a time in text, as the Azure CLI sends it', { responseTimeoutInSeconds: '30' }, 404, 'DeviceNotOnline'],
    ['with a time that is no number', { responseTimeoutInSeconds: 'soon' }, 400, 'ArgumentInvalid'],
    ['with a payload of 128 KB', { payload: 'x'.repeat(128 * 1024 - 2) }, 404, 'DeviceNotOnline'],
    ['with a payload over 128 KB', { payload: 'x'.repeat(128 * 1024 - 1) }, 400, 'ArgumentInvalid'],
    ['without a payload', { payload: undefined, responseTimeoutInSeconds: null }, 404, 'DeviceNotOnline'],
  ])('%s', async (_, more, status, code) => {
    for (const path of paths) {
      const answer = await call(hub, 'POST', path, { body: { ...method, ...more } });
      expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
    }
  });

  it.each<[string, string, Parameters<typeof call>[3], number, string]>([
    ['of an unknown device', '/twins/nobody/methods', { body: method }, 404, 'DeviceNotFound'],
    ['of an unknown module', '/twins/d/modules/m/methods', { body: method }, 404, 'ModuleNotFound'],
    [
      'by registryReadWrite',
      '/twins/d/methods',
      { body: method, policy: 'registryReadWrite' },
      401,
      'IotHubUnauthorizedAccess',
    ],
    ['by service', '/twins/d/methods', { body: method, policy: 'service' }, 404, 'DeviceNotOnline'],
  ])('%s', async (_, path, options, status, code) => {
    const answer = await call(hub, 'POST', path, options);
    expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
  });
});
