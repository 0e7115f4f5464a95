import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/identity/certificate.ts';
import { judgeCertificate } from '../../src/identity/judge.ts';
import type { Certificate } from '../../src/model/identity.ts';
import { issue } from '../support/chain.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';
import { makeCertificate, withExponent } from '../support/openssl.ts';
import { at, device } from './device.ts';

// Certificates of every kind that no tool makes any more, and that lie in repositories: a good one, with one part of it replaced.

const { asn1 } = forge;
type Node = forge.asn1.Asn1;

let good: string;
beforeAll(async () => {
  good = (await issue('edge-001')).pem;
});

/** The certificate with a part changed, as DER. Its signature does not fit any more, and nobody looks at that. */
function changed(change: (parts: { readonly fields: Node[]; readonly whole: Node[] }) => void): Buffer {
  const structure = asn1.fromDer(forge.util.createBuffer(Buffer.from(bodyOf(good), 'base64').toString('latin1')));
  const whole = structure.value as Node[];
  change({ whole, fields: whole[0]!.value as Node[] });
  return Buffer.from(asn1.toDer(structure).getBytes(), 'latin1');
}

const bodyOf = (pem: string) => pem.replace(/-----[^-]*-----|\s/g, '');
const sequence = (...values: Node[]) => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, values);
const oid = (text: string) => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(text).getBytes());
const tagged = (tag: number, value: Node) => asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [value]);

async function read(bytes: Buffer): Promise<Certificate> {
  const reading = await readCertificate('c.der', bytes);
  if (reading.kind !== 'certificate') throw new Error(JSON.stringify(reading));
  return reading.certificate;
}

describe('a common name of any type', () => {
  const id = 'edge-001';
  const types: readonly [string, number, string, string][] = [
    ['UTF8String', 12, id, id],
    ['UTF8String with letters of two bytes', 12, Buffer.from('größe').toString('latin1'), 'größe'],
    ['NumericString', 18, '007', '007'],
    ['PrintableString', 19, id, id],
    ['T61String', 20, id, id],
    ['T61String with an umlaut', 20, 'gr\u00f6\u00dfe', 'größe'],
    ['IA5String', 22, id, id],
    ['UniversalString', 28, [...id].map((c) => `\0\0\0${c}`).join(''), id],
    ['UniversalString with an umlaut', 28, '\0\0\0g\0\0\0\u00f6', 'gö'],
    ['UniversalString beyond 16 bits', 28, '\0\x01\xf6\x9a', '🚚'],
    ['BMPString', 30, id, id],
    ['BMPString with an umlaut', 30, 'größe', 'größe'],
  ];
  test.each(types)('%s', async (_, type, content, expected) => {
    const { commonNames } = await read(withName(type, content));
    expect(commonNames).toEqual([expected]);
  });

  test('that is no text cannot be read', async () => {
    for (const content of ['\x7f\0\0\0', '\0\x11\0\0']) {
      expect(await readCertificate('c.der', withName(28, content))).toMatchObject({ kind: 'unreadable' });
    }
  });

  function withName(type: number, content: string): Buffer {
    return changed(({ fields }) => {
      const attribute = ((fields[5]!.value as Node[])[0]!.value as Node[])[0]!.value as Node[];
      attribute[1] = asn1.create(asn1.Class.UNIVERSAL, type, false, content);
    });
  }
});

describe('a signature', () => {
  const sha256 = oid('2.16.840.1.101.3.4.2.1');
  const sha1 = oid('1.3.14.3.2.26');
  const md5 = oid('1.2.840.113549.2.5');
  const pss = '1.2.840.113549.1.1.10';
  test.each<[string, Node | undefined, string | undefined]>([
    ['1.2.840.113549.1.1.2', undefined, 'MD2'],
    ['1.3.14.7.2.3.1', undefined, 'MD2'],
    ['1.2.840.113549.1.1.3', undefined, 'MD4'],
    ['1.3.14.3.2.2', undefined, 'MD4'],
    ['1.3.14.3.2.4', undefined, 'MD4'],
    ['1.2.840.113549.1.1.4', undefined, 'MD5'],
    ['1.3.14.3.2.3', undefined, 'MD5'],
    ['1.3.14.3.2.13', undefined, 'SHA-0'],
    ['1.3.14.3.2.15', undefined, 'SHA-0'],
    ['1.2.840.113549.1.1.5', undefined, 'SHA-1'],
    ['1.3.14.3.2.29', undefined, 'SHA-1'],
    ['1.2.840.10045.4.1', undefined, 'SHA-1'],
    ['0.4.0.127.0.7.1.1.4.1.1', undefined, 'SHA-1'],
    ['1.2.840.10040.4.3', undefined, 'SHA-1'],
    ['1.3.14.3.2.27', undefined, 'SHA-1'],
    ['1.2.840.10045.4.3', sequence(sha1), 'SHA-1'],
    ['1.2.840.10045.4.3', sequence(sha256), undefined],
    ['1.2.840.10045.4.3', undefined, undefined],
    [pss, sequence(), 'SHA-1'],
    [pss, sequence(tagged(2, asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, '\x20'))), 'SHA-1'],
    [pss, sequence(tagged(0, sequence(sha1))), 'SHA-1'],
    [pss, sequence(tagged(0, sequence(md5))), 'MD5'],
    [pss, sequence(tagged(0, sequence(sha256))), undefined],
    ['1.2.840.113549.1.1.11', undefined, undefined],
    ['1.2.840.113549.1.1.14', undefined, undefined],
    ['1.2.840.10045.4.3.2', undefined, undefined],
    ['2.16.840.1.101.3.4.3.2', undefined, undefined],
    ['1.3.101.112', undefined, undefined],
    ['1.2.3.4', undefined, undefined],
  ])('%s %#', async (name, parameters, expected) => {
    const bytes = changed(({ whole, fields }) => {
      const algorithm = sequence(oid(name), ...(parameters === undefined ? [] : [parameters]));
      whole[1] = algorithm;
      fields[2] = algorithm;
    });
    expect((await read(bytes)).weakSignature).toBe(expected);
  });
});

describe('a key usage', () => {
  const usages = (...bytes: number[]) => String.fromCharCode(...bytes);
  test.each<[string, readonly string[] | undefined]>([
    [usages(7, 0x80), undefined],
    [usages(5, 0xa0), undefined],
    [usages(5, 0x20), ['keyEncipherment']],
    [usages(3, 0x28), ['keyEncipherment', 'keyAgreement']],
    [usages(1, 0x06), ['keyCertSign', 'cRLSign']],
    [usages(6, 0x40), ['nonRepudiation']],
    [usages(7, 0x00, 0x80), ['decipherOnly']],
    [usages(0), []],
  ])('%j', async (content, expected) => {
    const bytes = changed(({ fields }) => {
      const list = (fields.at(-1)!.value as Node[])[0]!.value as Node[];
      const bits = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, content);
      const octets = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, asn1.toDer(bits).getBytes());
      const others = list.filter((one) => asn1.derToOid(String((one.value as Node[])[0]!.value)) !== '2.5.29.15');
      list.splice(0, list.length, ...others, sequence(oid('2.5.29.15'), octets));
    });
    expect((await read(bytes)).usagesWithoutSignature).toEqual(expected);
  });

  test('that is absent allows all', async () => {
    expect((await read(changed(({ fields }) => fields.pop()))).usagesWithoutSignature).toBeUndefined();
  });
});

describeNeeding(['openssl'], 'an RSA key', () => {
  test.each([
    [65537, undefined],
    [65539, undefined],
    [65538, '65538'],
    [0x7ffffe, '8388606'],
  ])('with the exponent %d', async (exponent, expected) => {
    rsa ??= readFileSync(makeCertificate(folderWith(), 'rsa', { subject: '/CN=edge-001', keyType: 'rsa2048' }), 'utf8');
    const certificate = await read(Buffer.from(bodyOf(withExponent(rsa, exponent)), 'base64'));
    expect(certificate.key).toEqual({
      type: 'rsa',
      name: 'RSA',
      bits: 2048,
      ...(expected === undefined ? {} : { exponent: expected }),
    });
    expect(rulesOf(certificate, '1.6')).toEqual(expected === undefined ? [] : ['certificate/useless-key']);
  });
  let rsa: string | undefined;
});

test('an RSA key with the exponent 1', async () => {
  const bytes = changed(({ fields }) => {
    const modulus = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }).n ?? '';
    const number = (text: string) => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, text);
    const key = sequence(number(`\0${Buffer.from(modulus, 'base64url').toString('latin1')}`), number('\x01'));
    const nothing = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, '');
    const bits = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${asn1.toDer(key).getBytes()}`);
    fields[6] = sequence(sequence(oid('1.2.840.113549.1.1.1'), nothing), bits);
  });
  const certificate = await read(bytes);
  expect(certificate.key.exponent).toBe('1');
  expect(rulesOf(certificate, '1.1')).toEqual(['certificate/useless-key']);
});

describe('an elliptic curve', () => {
  const curves = ['prime256v1', 'secp224r1', 'secp384r1', 'secp521r1', 'secp256k1', 'brainpoolP256r1', 'sect283k1'];
  test.each(curves)('%s is used from 1.2 on if it is P-256, and before by OpenSSL', async (namedCurve) => {
    const certificate = await read(onCurve(namedCurve));
    const refused = namedCurve === 'prime256v1' ? [] : ['certificate/key-type-unsupported'];
    for (const version of ['1.2', '1.3', '1.4.20', '1.5', '1.6'])
      expect(rulesOf(certificate, version)).toEqual(refused);
    for (const version of ['1.0.10', '1.1']) expect(rulesOf(certificate, version)).toEqual([]);
    expect(rulesOf(certificate, '1.1', 'windows')).toEqual(['certificate/key-type-unsupported']);
  });

  describeNeeding(['../shared/reference'], 'as the key service answered', () => {
    test('every key that was tried', async () => {
      const file = join(import.meta.dirname, '../../../shared/reference/iotedge/real-parsers.json');
      const tried: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'))['preloaded key files']['1.6.0'];
      const names = Object.keys(tried).filter((name) => !name.startsWith('RSA'));
      expect(names.length).toBeGreaterThan(5);
      for (const name of names) {
        const rules = rulesOf(await read(onCurve(name.split(' ')[0] ?? '')), '1.6');
        expect([name, rules.length === 0]).toEqual([name, tried[name] === 'accepted']);
      }
    });
  });

  function onCurve(namedCurve: string): Buffer {
    return withKey(generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' }));
  }

  function withKey(spki: Buffer): Buffer {
    return changed(({ fields }) => {
      fields[6] = asn1.fromDer(spki.toString('latin1'));
    });
  }
});

/** The rules that speak when edge-001 has this certificate. */
function rulesOf(certificate: Certificate, version: string, platform = 'debian'): readonly string[] {
  const owner = device({ runtime: `${version} ${platform}` });
  const options = { now: new Date(), expiryWarningDays: 1 };
  const subject = { device: owner.id, place: at(1) };
  return judgeCertificate(certificate, { device: owner, slot: 'primary' }, subject, options).map(({ rule }) => rule);
}
