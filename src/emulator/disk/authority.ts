import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { asn1, pki } from 'node-forge';

/** The hub's own certificate authority (CA), and the server certificate that it signed. */
export interface Authority {
  /** The CA's certificate, PEM. */
  readonly ca: string;
  /** The server's certificate followed by its private key, PEM. */
  readonly server: string;
}

const day = 86_400_000;
const lifetime = 730 * day;
const subject = { ca: 'Embedded IoT Hub CA', server: 'localhost' };

/**
 * Makes a CA and a server certificate for localhost, 127.0.0.1, ::1 and `names`, valid for two years. The CA's key is not kept,
 * so nothing else can be signed with it. `now` is the time that TLS clients use.
 */
export async function makeAuthority(now: Date, names: readonly string[] = []): Promise<Authority> {
  // Loaded only here. Keys and signatures come from node:crypto: keys of P-256 take a millisecond, those of RSA a hundred.
  const { default: forge } = await import('node-forge');
  const [ca, server] = [newKeyPair(), newKeyPair()];

  const made = (name: string, key: KeyObject, extensions: readonly object[]) => {
    const certificate = forge.pki.createCertificate();
    // The first bit is 0, since a serial number must be positive.
    certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
    certificate.validity.notBefore = new Date(now.getTime() - day);
    certificate.validity.notAfter = new Date(now.getTime() + lifetime);
    certificate.setSubject([{ name: 'commonName', value: name }]);
    certificate.setIssuer([{ name: 'commonName', value: subject.ca }]);
    const identifiers = [
      { id: subjectKeyIdentifier, value: octetString(forge, keyIdentifier(key)) },
      { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(ca.publicKey) },
    ];
    certificate.setExtensions([...extensions, ...identifiers]);
    return signed(forge, certificate, key, ca.privateKey);
  };

  const root = made(subject.ca, ca.publicKey, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
  const leaf = made(subject.server, server.publicKey, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...['localhost', ...names].map((value) => ({ type: 2, value })),
        { type: 7, ip: '127.0.0.1' },
        { type: 7, ip: '::1' },
      ],
    },
  ]);
  return { ca: root, server: leaf + server.privateKey.export({ type: 'pkcs8', format: 'pem' }) };
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

/** Whether the stored CA and server certificate belong together, are for these names and valid for at least another day. */
export function isUsable(authority: Authority, now: Date, names: readonly string[] = []): boolean {
  try {
    const ca = new X509Certificate(authority.ca);
    const server = new X509Certificate(authority.server);
    const lasts = Date.parse(server.validTo) - now.getTime() > day;
    return server.verify(ca.publicKey) && lasts && names.every((name) => server.checkHost(name) !== undefined);
  } catch {
    return false;
  }
}

function newKeyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}
