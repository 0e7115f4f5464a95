import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { Fault } from '../../src/model/fault.ts';

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
    ['a device has its own', `HostName=a.net;DeviceId=d;SharedAccessKey=${key}`, /line 1 is that of a device/],
    ['the key name is missing', `HostName=a.net;SharedAccessKey=${key}`, /line 1 lacks SharedAccessKeyName$/],
    ['the key is missing', 'HostName=a.net;SharedAccessKeyName=k', /line 1 lacks SharedAccessKey$/],
    ['quotes hide the host', `"${of('a.net')}"`, /line 1 lacks HostName$/],
    ['it is something else', `\n${key}`, /line 2 lacks HostName and SharedAccessKeyName and SharedAccessKey$/],
    ['the host is none', of(`https://${key}/`), /line 1 has a HostName that is not a host name$/],
    ['two are for one hub', `${of('a.net')}\n${of('A.net')}`, /two connection strings name the hub a\.net$/],
  ])('are refused where %s, without the key', (_, text, message) => {
    const fault = faultOf(text);
    expect(fault?.message).toMatch(message);
    expect(fault?.kind).toBe('usage');
    expect(`${fault?.message} ${fault?.remedy}`).not.toContain(key.slice(0, 8));
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

function faultOf(text: string): Fault | undefined {
  try {
    readConnectionStrings(text);
    return undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    return thrown instanceof Fault ? thrown : undefined;
  }
}
