import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { asn1, pki } from 'node-forge';

/** The hub's own certificate authority (CA), and the server certificate that it signed. */
export interface Authority {
  /** The CA's certificate, PEM. */
  readonly ca: string;
  /** The CA's private key, PEM. With it the server can get another certificate of the same CA. */
  readonly caKey: string;
  /** The server's certificate followed by its private key, PEM. */
  readonly server: string;
}

const day = 86_400_000;
const lifetime = 730 * day;
const subject = { ca: 'Embedded IoT Hub CA', server: 'localhost' };

/**
 * Makes a CA and a server certificate for localhost, 127.0.0.1, ::1 and `names`, valid for two years. `now` is the time that TLS
 * clients use.
 */
export async function makeAuthority(now: Date, names: readonly string[] = []): Promise<Authority> {
  const { publicKey, privateKey } = newKeyPair();
  const ca = await certificate({
    name: subject.ca,
    key: publicKey,
    signer: privateKey,
    begin: now,
    end: new Date(now.getTime() + lifetime),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return withServer({ ca, caKey: pem(privateKey) }, now, names);
}

/** Makes another server certificate of the same CA, so that who trusts the CA need not trust another. */
export async function withServer(
  { ca, caKey }: Pick<Authority, 'ca' | 'caKey'>,
  now: Date,
  names: readonly string[] = [],
): Promise<Authority> {
  const { publicKey, privateKey } = newKeyPair();
  const caEnd = Date.parse(new X509Certificate(ca).validTo);
  const leaf = await certificate({
    name: subject.server,
    key: publicKey,
    signer: createPrivateKey(caKey),
    begin: now,
    end: new Date(Math.min(now.getTime() + lifetime, caEnd)),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...dnsNames(names).map((value) => ({ type: 2, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { ca, caKey, server: leaf + pem(privateKey) };
}

interface Wanted {
  readonly name: string;
  readonly key: KeyObject;
  /** The CA's private key. */
  readonly signer: KeyObject;
  readonly begin: Date;
  readonly end: Date;
  readonly extensions: readonly object[];
}

/** Makes a certificate, PEM. */
async function certificate({ name, key, signer, begin, end, extensions }: Wanted): Promise<string> {
  // Loaded only here. Keys and signatures come from node:crypto: keys of P-256 take a millisecond, those of RSA a hundred.
  const { default: forge } = await import('node-forge');
  const made = forge.pki.createCertificate();
  // The first bit is 0, since a serial number must be positive.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  made.validity.notBefore = new Date(begin.getTime() - day);
  made.validity.notAfter = end;
  made.setSubject([{ name: 'commonName', value: name }]);
  made.setIssuer([{ name: 'commonName', value: subject.ca }]);
  const identifiers = [
    { id: subjectKeyIdentifier, value: octetString(forge, keyIdentifier(key)) },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(createPublicKey(signer)) },
  ];
  made.setExtensions([...extensions, ...identifiers]);
  return signed(forge, made, key, signer);
}

function dnsNames(names: readonly string[]): readonly string[] {
  return [...new Set(['localhost', ...names])];
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

type Forge = typeof import('node-forge');

/** https://www.rfc-editor.org/rfc/rfc5758#section-3.2: this identifier has no parameters. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const subjectKeyIdentifier = '2.5.29.14';

/** Where RFC 5280, 4.1, has the signature algorithm and the key in a TBSCertificate. */
const fields = { algorithm: 2, key: 6 } as const;

/** Writes a certificate as PEM. node-forge knows no elliptic curves, so the key and the signature are put in afterwards. */
function signed(forge: Forge, certificate: pki.Certificate, key: KeyObject, signer: KeyObject): string {
  const { create, fromDer, oidToDer, toDer, Class, Type } = forge.asn1;
  const algorithm = create(Class.UNIVERSAL, Type.SEQUENCE, true, [
    create(Class.UNIVERSAL, Type.OID, false, oidToDer(ecdsaWithSha256).getBytes()),
  ]);
  const one = new forge.jsbn.BigInteger('1');
  certificate.publicKey = forge.pki.setRsaPublicKey(one, one);
  certificate.signatureOid = certificate.siginfo.algorithmOid = forge.pki.oids.sha256WithRSAEncryption ?? '';
  certificate.signature = '';
  const [content] = children(forge.pki.certificateToAsn1(certificate));
  if (content === undefined || typeof content.value === 'string') throw new Error('the certificate has no fields');
  content.value[fields.algorithm] = algorithm;
  content.value[fields.key] = fromDer(key.export({ type: 'spki', format: 'der' }).toString('latin1'));
  const signature = sign('sha256', Buffer.from(toDer(content).getBytes(), 'latin1'), signer).toString('latin1');
  const bits = create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature}`);
  const whole = create(Class.UNIVERSAL, Type.SEQUENCE, true, [content, algorithm, bits]);
  return new X509Certificate(Buffer.from(toDer(whole).getBytes(), 'latin1')).toString();
}

function children({ value }: asn1.Asn1): readonly asn1.Asn1[] {
  return typeof value === 'string' ? [] : value;
}

function octetString(forge: Forge, bytes: string): string {
  const { create, toDer, Class, Type } = forge.asn1;
  return toDer(create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytes)).getBytes();
}

/** Any value that is the same for the same key: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.2. */
function keyIdentifier(key: KeyObject): string {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('binary');
}

/** Whether the CA is whole and valid for at least another day. */
export function isUsableCa({ ca, caKey }: Pick<Authority, 'ca' | 'caKey'>, now: Date): boolean {
  try {
    const certificate = new X509Certificate(ca);
    return certificate.checkPrivateKey(createPrivateKey(caKey)) && lasts(certificate, now);
  } catch {
    return false;
  }
}

/** Whether the server's certificate is of the CA, for exactly these names, and valid for at least another day. */
export function isUsable({ ca, server: stored }: Authority, now: Date, names: readonly string[] = []): boolean {
  try {
    const server = new X509Certificate(stored);
    const named = [...(server.subjectAltName ?? '').matchAll(/DNS:([^,]+)/g)].map(([, name]) => name);
    const isForAll = named.toSorted().join() === dnsNames(names).toSorted().join();
    return server.verify(new X509Certificate(ca).publicKey) && lasts(server, now) && isForAll;
  } catch {
    return false;
  }
}

function lasts({ validTo }: X509Certificate, now: Date): boolean {
  return Date.parse(validTo) - now.getTime() > day;
}

function newKeyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}
