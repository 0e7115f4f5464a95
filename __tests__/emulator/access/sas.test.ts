import { createHmac } from 'node:crypto';
import { SharedAccessSignature } from 'azure-iothub';
import { describe, expect, it } from 'vitest';
import { policyNames, type Right } from '../../../src/emulator/access/rights.ts';
import { requireSignature as authorize } from '../../../src/emulator/access/sas.ts';
import { hubSecrets } from '../../../src/emulator/access/secrets.ts';
import { key, refusal, start } from '../devices/identities.ts';

const other = Buffer.alloc(32, 9).toString('base64');
const keys = { iothubowner: key, service: key, device: key, registryRead: key, registryReadWrite: other };
const hub = { keys: hubSecrets(keys).policies, hosts: ['localhost:8443', 'localhost'], now: start };
const later = start / 1000 + 60;

function token(fields: { sr?: string; se?: number | string; skn?: string; key?: string } = {}): string {
  const { sr = 'localhost:8443', se = later, skn = 'iothubowner' } = fields;
  const sig = createHmac('sha256', Buffer.from(fields.key ?? key, 'base64'))
    .update(`${sr}\n${se}`)
    .digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=${skn}`;
}

function allowed(header: string | undefined, right: Right = 'RegistryRead', path = '/devices/a'): boolean {
  try {
    authorize(header, { path, right }, hub);
    return true;
  } catch {
    return false;
  }
}

describe('a signature', () => {
  it('of the stock SDK is good', () => {
    expect(allowed(SharedAccessSignature.create('localhost:8443', 'iothubowner', key, later).toString())).toBe(true);
  });

  it.each([
    ['the host encoded', token({ sr: 'localhost%3A8443' })],
    ['the host in capitals', token({ sr: 'LOCALHOST:8443' })],
    ['the host without its port', token({ sr: 'localhost' })],
    ['a folder above the path', token({ sr: 'localhost:8443/devices' })],
    ['the path itself, encoded', token({ sr: encodeURIComponent('localhost:8443/devices/a') })],
    ['the fields in another order', token().replace(/^(\S+) (.*)&(skn=.*)$/, '$1 $3&$2')],
    ['the host signed plain and sent encoded', token().replace('sr=localhost:8443', 'sr=localhost%3a8443')],
  ])('over %s is good', (_, header) => {
    expect(allowed(header)).toBe(true);
  });

  it.each([
    ['none at all', undefined],
    ['an empty one', ''],
    ['another scheme', token().replace('SharedAccessSignature', 'Basic')],
    ['a bearer token', 'Bearer abc'],
    ['one over another host', token({ sr: 'elsewhere:8443' })],
    ['one over a host that only begins like this', token({ sr: 'localhost:84430' })],
    ['one over another path', token({ sr: 'localhost:8443/devices/ab' })],
    ['one that expires now', token({ se: start / 1000 })],
    ['one whose expiry was moved', token().replace(`se=${later}`, `se=${later + 1}`)],
    ['one whose expiry is no number', token({ se: 'soon' })],
    ['one by another key', token({ key: other })],
    ['one of an unknown policy', token({ skn: 'root' })],
    ['one of a policy named like a property of all objects', token({ skn: 'constructor' })],
    ['one without a policy', token().replace(/&skn=.*/, '')],
    ['one without a signature', token().replace(/&sig=[^&]*/, '')],
    ['one encoded wrongly', token().replace('sr=localhost', 'sr=%zz')],
  ])('refuses %s', (_, header) => {
    expect(allowed(header)).toBe(false);
  });

  it('that is refused is told no more than that', () => {
    expect(refusal(() => authorize(undefined, { path: '/', right: 'RegistryRead' }, hub))).toBe(
      'IotHubUnauthorizedAccess: Unauthorized',
    );
  });
});

describe('rights', () => {
  const table: Record<(typeof policyNames)[number], readonly Right[]> = {
    iothubowner: ['RegistryRead', 'RegistryWrite', 'ServiceConnect'],
    service: ['ServiceConnect'],
    device: [],
    registryRead: ['RegistryRead'],
    registryReadWrite: ['RegistryRead', 'RegistryWrite'],
  };
  it.each(policyNames)('of %s', (policy) => {
    const header = token({ skn: policy, key: keys[policy] });
    const all: readonly Right[] = ['RegistryRead', 'RegistryWrite', 'ServiceConnect'];
    expect(all.filter((right) => allowed(header, right))).toEqual(table[policy]);
  });
});
