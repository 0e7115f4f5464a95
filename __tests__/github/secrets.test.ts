import { describe, expect, it } from 'vitest';
import { hiding, signaturesIn } from '../../src/github/secrets.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';

const url = 'https://fleet.blob.core.windows.net/import?sv=2024-08-04&sp=rwd&sig=c2VjcmV0%2Bc2VjcmV0%3D';

describe('an access key', () => {
  const key = 'c2VjcmV0+of/the/hub==';
  const hide = hiding({ 'connection-string': `HostName=a.b;SharedAccessKeyName=o;SharedAccessKey=${key}` });

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
    expect(signaturesIn({ 'import-container': url })).toEqual(['c2VjcmV0%2Bc2VjcmV0%3D', 'c2VjcmV0+c2VjcmV0=']);
    const hide = hiding({ 'import-container': url });
    expect(hide(`${url} and c2VjcmV0+c2VjcmV0=`)).toBe(`${url.replace(/sig=.*/, 'sig=***')} and ***`);
  });

  it.each([
    ['no container', {}],
    ['one without a signature', { 'import-container': 'https://fleet.blob.core.windows.net/import' }],
  ])('%s has none', (_, settings) => {
    expect(signaturesIn(settings)).toEqual([]);
  });
});
