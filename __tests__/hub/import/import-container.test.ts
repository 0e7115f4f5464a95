import { describe, expect, it } from 'vitest';
import { type BlobAccess, type ContainerProblem, hubFault } from '../../../src/hub/faults.ts';
import { readImportContainer } from '../../../src/hub/import/import-container.ts';
import { faultIn, said } from '../../support/fault.ts';

const now = Date.UTC(2026, 0, 15);
const url = 'https://fleet.blob.core.windows.net/import';
const secret = 'c2VjcmV0U2VjcmV0';
const sas = (more: string) => `${url}?sv=2024-08-04${more}&sig=${secret}`;
const unusable = (problem: ContainerProblem) => hubFault('container-unusable', { problem });
const lacking = (...rights: readonly BlobAccess[]) => hubFault('signature-lacks-rights', { rights });
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
    ['no URL', 'import', unusable('no-url')],
    ['http', url.replace('https', 'http'), unusable('no-https')],
    ['a password', `https://user:${secret}@fleet.blob.core.windows.net/import`, unusable('password')],
    ['an account', 'https://fleet.blob.core.windows.net/', unusable('no-container')],
    ['a blob', `${url}/devices.txt`, unusable('more-than-container')],
    ['a query that signs nothing', `${url}?comp=list`, unusable('no-signature')],
    ['a signature that may not write', sas('&sp=rd&sr=c'), lacking('write')],
    ['a signature that may only list', sas('&sp=l&sr=c'), lacking('read', 'write', 'delete')],
    ['a signature of a blob', sas('&sp=rwd&sr=b'), hubFault('signature-not-for-blobs', {})],
    ['a signature of an account for containers', sas('&ss=b&srt=c&sp=rwd'), hubFault('signature-not-for-blobs', {})],
    [
      'a signature that has ended',
      sas('&sp=rwd&sr=c&se=2026-01-14T00:00:00Z'),
      hubFault('signature-expired', { at: Date.UTC(2026, 0, 14) }),
    ],
    [
      'a signature that has not begun',
      sas('&sp=rwd&sr=c&st=2026-01-16'),
      hubFault('signature-not-yet-valid', { at: Date.UTC(2026, 0, 16) }),
    ],
  ])('refuses %s, and quotes no secret', (_, text, expected) => {
    const fault = faultIn(() => read(text));
    expect(said(fault)).toEqual(said(expected));
    expect(fault.kind).toBe('usage');
    expect(`${fault.message} ${fault.remedy}`).not.toContain(secret);
  });
});
