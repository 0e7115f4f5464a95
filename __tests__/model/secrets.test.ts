import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { scrubbed } from '../../src/model/secrets.ts';
import { finding } from '../../src/rules/rules.ts';

describe('what people see', () => {
  it.each([
    [
      'HostName=a.b;SharedAccessKeyName=c;SharedAccessKey=c2VjcmV0+/=',
      'HostName=a.b;SharedAccessKeyName=c;SharedAccessKey=***',
    ],
    [
      'DefaultEndpointsProtocol=https;AccountKey=abc/def==;EndpointSuffix=x',
      'DefaultEndpointsProtocol=https;AccountKey=***;EndpointSuffix=x',
    ],
    ['https://a.b/c?sv=1&sig=abc%2Bdef&se=2', 'https://a.b/c?sv=1&sig=***&se=2'],
    ['sent SharedAccessSignature sr=a&sig=b&se=1&skn=c', 'sent SharedAccessSignature ***'],
    ['Authorization: Bearer eyJhbGciOi.J9.x', 'Authorization: Bearer ***'],
    [
      "assertion 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl-_' is malformed",
      "assertion '***' is malformed",
    ],
    ['token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJyZXBvIn0.&x=1', 'token=***&x=1'],
    ['eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn, encrypted', '***, encrypted'],
    ['my_eyJhbGciOiJub25lIn0.eyJzdWIiOiJyZXBvIn0.x and a.b.eyJhbGciOiJub25lIn0.b.c.', 'my_*** and a.b.***'],
    ['version 1.2.3, certs/a.b.pem', 'version 1.2.3, certs/a.b.pem'],
    ['eyJ is how one begins, eyJhbGciOiJub25lIn0 a header', 'eyJ is how one begins, eyJhbGciOiJub25lIn0 a header'],
    ['a -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- b', 'a (a private key) b'],
    ['-----BEGIN PRIVATE KEY-----\nMHc', '(a private key)'],
    ['nothing to hide; signature=none', 'nothing to hide; signature=none'],
  ])('holds no secret: %j', (text, expected) => {
    expect(scrubbed(text)).toBe(expected);
  });

  it('and is not looked for for long', () => {
    const text = 'eyJ'.repeat(150_000);
    const begun = performance.now();
    expect(scrubbed(text)).toBe(text);
    expect(scrubbed(`${'eyJ.'.repeat(100_000)}`).length).toBeGreaterThan(0);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('not in a finding, nor in a fault', () => {
    const found = 'SharedAccessKey=c2VjcmV0';
    const { message } = finding('manifest/type', { key: 'status', expected: 'one of enabled', found }, {});
    expect(message).not.toContain('c2VjcmV0');
    expect(new Fault(found, '').message).toBe('SharedAccessKey=***');
  });
});
