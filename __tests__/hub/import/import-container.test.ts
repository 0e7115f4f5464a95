import { describe, expect, it } from 'vitest';
import { readImportContainer } from '../../../src/hub/import/import-container.ts';
import { faultOf } from '../../support/fault.ts';

const now = Date.UTC(2026, 0, 15);
const url = 'https://fleet.blob.core.windows.net/import';
const secret = 'c2VjcmV0U2VjcmV0';
const sas = (more: string) => `${url}?sv=2024-08-04${more}&sig=${secret}`;
const read = (text: string | undefined) => readImportContainer(text, now);

describe('import-container', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['blanks', ' ', undefined],
    ['a container, for Entra', `${url}/`, { url }],
    ['a container with a signature', sas('&sp=racwdl&sr=c'), { url, signature: sas('&sp=racwdl&sr=c').split('?')[1] }],
    [
      'a signature by a stored policy, which tells nothing',
      sas('&si=import&sr=c'),
      { url, signature: expect.any(String) },
    ],
    ['one that ends later', sas('&sp=rwd&sr=c&se=2026-01-16T00:00Z'), { url, signature: expect.any(String) }],
    ['one of an account', sas('&ss=b&srt=sco&sp=rwd'), { url, signature: expect.any(String) }],
    ['Azurite', 'http://127.0.0.1:10000/account/import', { url: 'http://127.0.0.1:10000/account/import' }],
  ])('takes %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['no URL', 'import', /is no URL/],
    ['http', url.replace('https', 'http'), /https:\/\//],
    ['a password', `https://user:${secret}@fleet.blob.core.windows.net/import`, /password/],
    ['an account', 'https://fleet.blob.core.windows.net/', /names no container/],
    ['a blob', `${url}/devices.txt`, /more than a container/],
    ['a query that signs nothing', `${url}?comp=list`, /no signature/],
    ['a signature that may not write', sas('&sp=rd&sr=c'), /lacks the right to write$/],
    ['a signature that may only list', sas('&sp=l&sr=c'), /lacks the right to read and write and delete$/],
    ['a signature of a blob', sas('&sp=rwd&sr=b'), /not one for the blobs of a container/],
    ['a signature of an account for containers', sas('&ss=b&srt=c&sp=rwd'), /not one for the blobs of a container/],
    ['a signature that has ended', sas('&sp=rwd&sr=c&se=2026-01-14T00:00:00Z'), /expired on 2026-01-14/],
    ['a signature that has not begun', sas('&sp=rwd&sr=c&st=2026-01-16'), /does not hold before 2026-01-16/],
  ])('refuses %s, and quotes no secret', async (_, text, message) => {
    const fault = await faultOf(Promise.resolve().then(() => read(text)));
    expect(fault.message).toMatch(message);
    expect(fault.kind).toBe('usage');
    expect(`${fault.message} ${fault.remedy}`).not.toContain(secret);
  });
});
