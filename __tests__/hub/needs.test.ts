import { describe, expect, it } from 'vitest';
import type { HubCredential } from '../../src/hub/credential.ts';
import { describedNeeds, needsOf } from '../../src/hub/needs.ts';
import { endpoint } from './devices.ts';

const host = endpoint('contoso.azure-devices.net');
const policy: HubCredential = { kind: 'sas', host, keyName: 'fleet', key: 'c2VjcmV0' };
const entra: HubCredential = { kind: 'entra', host, principal: { name: 'it', assignee: 'it' }, token: async () => 't' };

describe('what a command needs of whoever signs in', () => {
  it.each([
    ['plan', policy, false, { rights: ['Registry Read', 'Service Connect'] }],
    ['apply', policy, true, { rights: ['Registry Read', 'Registry Write', 'Service Connect'] }],
    ['verify', entra, false, { roles: ['IoT Hub Data Reader'] }],
    [
      'apply',
      entra,
      false,
      { roles: ['IoT Hub Data Reader', 'IoT Hub Registry Contributor'], roleForTags: 'IoT Hub Twin Contributor' },
    ],
    ['apply', entra, true, { roles: ['IoT Hub Data Contributor'], imports: true }],
  ] as const)('%s', (command, credential, imports, expected) => {
    expect(needsOf(command, credential, imports)).toEqual({ command, ...expected });
    const names = Object.values<unknown>(expected)
      .flat()
      .filter((name) => typeof name === 'string');
    const text = describedNeeds(command, credential, imports);
    expect(names.map((name) => text.indexOf(name))).not.toContain(-1);
    expect(text.startsWith(command)).toBe(true);
  });
});
