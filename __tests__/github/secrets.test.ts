import { describe, expect, it } from 'vitest';
import { hiding, proxySecretsIn } from '../../src/github/secrets.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { secretsIn } from '../../src/run/setting-secrets.ts';

const url = 'https://fleet.blob.core.windows.net/import?sv=2024-08-04&sp=rwd&sig=c2VjcmV0%2Bc2VjcmV0%3D';

describe('an access key', () => {
  const key = 'c2VjcmV0+of/the/hub==';
  const hide = hiding(secretsIn({ 'connection-string': `HostName=a.b;SharedAccessKeyName=o;SharedAccessKey=${key}` }));

  it.each([
    ['as it is', key],
    ['as URLs have it', encodeURIComponent(key)],
    ['as Markdown has it', escapeMarkdown(key)],
    ['as Markdown has that of URLs', escapeMarkdown(encodeURIComponent(key))],
  ])('is hidden %s', (_, form) => {
    expect(hide(`said ${form}.`)).toBe('said ***.');
  });
});

describe('the signature of the import container', () => {
  it('is hidden as it stands in the URL, and as it is', () => {
    expect(secretsIn({ 'import-container': url })).toEqual(['c2VjcmV0%2Bc2VjcmV0%3D', 'c2VjcmV0+c2VjcmV0=']);
    const hide = hiding(secretsIn({ 'import-container': url }));
    expect(hide(`${url} and c2VjcmV0+c2VjcmV0=`)).toBe(`${url.replace(/sig=.*/, 'sig=***')} and ***`);
  });

  it.each([
    ['no container', {}],
    ['one without a signature', { 'import-container': 'https://fleet.blob.core.windows.net/import' }],
  ])('%s has none', (_, settings) => {
    expect(secretsIn(settings)).toEqual([]);
  });
});

describe('the password of a proxy', () => {
  const password = 'p@ss/wörd';
  const encoded = encodeURIComponent(password);
  const header = Buffer.from(`user:${password}`).toString('base64');

  it.each(['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'ALL_PROXY', 'npm_config_https_proxy'])(
    'is a secret as the URL and the header have it: %s',
    (name) => {
      const secrets = proxySecretsIn({ [name]: `http://user:${encoded}@proxy.contoso.com:3128`, NO_PROXY: 'a:b@c' });
      expect(secrets).toEqual([password, encoded, header]);
    },
  );

  it('is one where the protocol is left out', () => {
    expect(proxySecretsIn({ HTTPS_PROXY: 'user:a%zz@proxy' })).toContain('a%zz');
  });

  it.each(['', 'http://proxy:3128', 'http://user@proxy:3128', 'proxy:3128/?a=b:c@d'])('is not there: %j', (url) => {
    expect(proxySecretsIn({ HTTPS_PROXY: url })).toEqual([]);
  });
});
