import { describe, expect, it } from 'vitest';
import type { HubCredential } from '../../src/hub/credential.ts';
import { describedNeeds } from '../../src/hub/needs.ts';
import { isHubHost } from '../../src/model/fleet.ts';

const host = ['contoso.azure-devices.net'].find(isHubHost)!;
const policy: HubCredential = { kind: 'sas', host, keyName: 'fleet', key: 'c2VjcmV0' };
const entra: HubCredential = { kind: 'entra', host, principal: { name: 'it', assignee: 'it' }, token: async () => 't' };

describe('what a command needs of whoever signs in', () => {
  it.each([
    ['plan', policy, false, 'plan needs the rights Registry Read and Service Connect'],
    ['apply', policy, true, 'apply needs the rights Registry Read, Registry Write and Service Connect'],
    ['verify', entra, false, 'verify needs the role IoT Hub Data Reader'],
    [
      'apply',
      entra,
      false,
      'apply needs the roles IoT Hub Data Reader and IoT Hub Registry Contributor, for tags IoT Hub Twin Contributor as well',
    ],
    ['apply', entra, true, 'apply by import jobs needs the role IoT Hub Data Contributor'],
  ] as const)('%s', (command, credential, imports, expected) => {
    expect(describedNeeds(command, credential, imports)).toBe(expected);
  });
});
