import { describe, expect, it } from 'vitest';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { type ConnectionStringPart, hubFault } from '../../src/hub/faults.ts';
import { Fault } from '../../src/model/fault.ts';
import { faultIn, said } from '../support/fault.ts';
import { fc } from '../support/property.ts';

const key = Buffer.from('only a test: not a key of anything').toString('base64');
const of = (host: string) => `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;

describe('connection strings', () => {
  it('are read one a line, with the host in lower case and the key whole, also where it ends in =', () => {
    const text = `\n  ${of('Contoso.Azure-Devices.net')}  \r\n\r\n${of('localhost:8443')}\n`;
    expect(readConnectionStrings(text)).toEqual([
      { kind: 'sas', host: 'contoso.azure-devices.net', keyName: 'iothubowner', key },
      { kind: 'sas', host: 'localhost:8443', keyName: 'iothubowner', key },
    ]);
    expect(key).toMatch(/=$/);
  });

  it('are none in an empty text', () => {
    expect(readConnectionStrings(' \n\n')).toEqual([]);
  });

  it.each([
    [
      'a device has its own',
      `HostName=a.net;DeviceId=d;SharedAccessKey=${key}`,
      hubFault('connection-string-of-device', { line: 1 }),
    ],
    ['the key name is missing', `HostName=a.net;SharedAccessKey=${key}`, incomplete(1, 'SharedAccessKeyName')],
    ['the key is missing', 'HostName=a.net;SharedAccessKeyName=k', incomplete(1, 'SharedAccessKey')],
    ['quotes hide the host', `"${of('a.net')}"`, incomplete(1, 'HostName')],
    ['it is something else', `\n${key}`, incomplete(2, 'HostName', 'SharedAccessKeyName', 'SharedAccessKey')],
    ['the host is none', of(`https://${key}/`), hubFault('connection-string-host', { line: 1 })],
    ['the host has no domain', of('contoso'), hubFault('connection-string-no-domain', { line: 1 })],
    [
      'two call one hub by two of its names',
      `${of('contoso.azure-devices.net')}\n${of('contoso.service.azure-devices.net')}`,
      hubFault('connection-string-twice', { host: 'contoso.azure-devices.net' }),
    ],
    ['two are for one hub', `${of('a.net')}\n${of('A.net')}`, hubFault('connection-string-twice', { host: 'a.net' })],
  ])('are refused where %s, without the key', (_, text, expected) => {
    const fault = faultIn(() => readConnectionStrings(text));
    expect(said(fault)).toEqual(said(expected));
    expect(fault.kind).toBe('usage');
    expect(`${fault.message} ${fault.remedy}`).not.toContain(key.slice(0, 8));
  });

  it('are refused or read, whatever the text, and a refusal never repeats it', () => {
    const word = fc.constantFrom(
      'HostName=',
      'SharedAccessKeyName=',
      'SharedAccessKey=',
      'DeviceId=',
      ';',
      '\n',
      '=',
      'a.b',
    );
    const secret = 'c2VjcmV0c2VjcmV0';
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, fc.constant(secret), fc.string({ maxLength: 4 })), { maxLength: 20 }),
        (words) => {
          const fault = faultOf(words.join(''));
          if (fault === undefined) return;
          expect(fault.kind).toBe('usage');
          expect(fault.message).not.toContain(secret);
        },
      ),
    );
  });
});

function incomplete(line: number, ...missing: readonly ConnectionStringPart[]): Fault {
  return hubFault('connection-string-incomplete', { line, missing });
}

function faultOf(text: string): Fault | undefined {
  try {
    readConnectionStrings(text);
    return undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    return thrown instanceof Fault ? thrown : undefined;
  }
}
