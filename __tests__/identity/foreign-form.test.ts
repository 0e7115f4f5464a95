import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/identity/certificate.ts';
import { foreignForm } from '../../src/model/foreign-form.ts';
import { issue } from '../support/chain.ts';

const pointer = (host = 'git-lfs') =>
  `version https://${host}.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 1234\n`;
const label = ['PRIVATE', 'KEY'].join(' ');
const key = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;

describe('a file in place of a certificate says what it is', () => {
  let pem: string;
  beforeAll(async () => {
    pem = (await issue('edge-001')).pem;
  });

  test.each<[string, () => Buffer | string, object]>([
    ['a pointer of Git LFS', () => pointer(), { problem: { kind: 'lfs-pointer' } }],
    ['one of its first years', () => pointer('hawser'), { problem: { kind: 'lfs-pointer' } }],
    ['one with CRLF', () => pointer().replaceAll('\n', '\r\n'), { problem: { kind: 'lfs-pointer' } }],
    ['a text about it', () => `About:\n${pointer()}`, { problem: { kind: 'no-certificate' } }],
    ['UTF-16 without a mark', () => Buffer.from(pem, 'utf16le'), { problem: { kind: 'utf-16' } }],
    ['UTF-16 in the other order', () => Buffer.from(pem, 'utf16le').swap16(), { problem: { kind: 'utf-16' } }],
    ['UTF-16 with a mark', () => Buffer.from(`\uFEFF${pem}`, 'utf16le'), { kind: 'certificate' }],
    ['a key in UTF-16 without a mark', () => Buffer.from(key, 'utf16le'), { kind: 'private-key' }],
    ['a key in UTF-16 in the other order', () => Buffer.from(key, 'utf16le').swap16(), { kind: 'private-key' }],
    ['line breaks written as \\n', () => pem.trim().replaceAll('\n', '\\n'), { problem: { kind: 'escaped' } }],
    ['in quotes, as in JSON', () => JSON.stringify(pem), { problem: { kind: 'escaped' } }],
    ['as \\r\\n', () => pem.replaceAll('\n', '\\r\\n'), { problem: { kind: 'escaped' } }],
    ['twice escaped', () => JSON.stringify(JSON.stringify(pem)), { problem: { kind: 'escaped' } }],
    ['an escaped key', () => key.replaceAll('\n', '\\n'), { kind: 'private-key' }],
    ['a note with \\n before it', () => `Made with \\n by hand\n${pem}`, { kind: 'certificate' }],
  ])('%s', async (_, content, expected) => {
    expect(await readCertificate('c.pem', Buffer.from(content()))).toMatchObject(expected);
  });

  test('no form is seen in short or binary files', () => {
    for (const bytes of ['', 'a\0', 'a\0b\0c\0']) expect(foreignForm(Buffer.from(bytes))).toBeUndefined();
    expect(foreignForm(Buffer.alloc(64))).toBeUndefined();
    expect(foreignForm(Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64'))).toBeUndefined();
  });
});
