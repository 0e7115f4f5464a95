import { generateKeyPair, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { pki } from 'node-forge';

/** The hub's own certificate authority (CA), and the server certificate that it signed. */
export interface Authority {
  /** The CA's certificate, PEM. */
  readonly ca: string;
  /** The server's certificate followed by its private key, PEM. */
  readonly server: string;
}

const day = 86_400_000;
const lifetime = 730 * day;
/** `sha256WithRSAEncryption`, RFC 8017. */
const sha256WithRsa = '1.2.840.113549.1.1.11';
const subject = { ca: 'Embedded IoT Hub CA', server: 'localhost' };

/**
 * Makes a CA and a server certificate for localhost, 127.0.0.1 and ::1, valid for two years. The CA's key is not kept,
 * so nothing else can be signed with it. `now` is the time that TLS clients use.
 */
export async function makeAuthority(now: Date): Promise<Authority> {
  // node:crypto makes the keys and the signatures, since it is fast. node-forge is loaded only here; it writes the
  // certificates.
  const [{ default: forge }, ca, server] = await Promise.all([import('node-forge'), newKeyPair(), newKeyPair()]);

  const begin = (name: string, key: string): pki.Certificate => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(key);
    // The first bit is 0, since a serial number must be positive.
    certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
    certificate.validity.notBefore = new Date(now.getTime() - day);
    certificate.validity.notAfter = new Date(now.getTime() + lifetime);
    certificate.setSubject([{ name: 'commonName', value: name }]);
    certificate.setIssuer([{ name: 'commonName', value: subject.ca }]);
    return certificate;
  };

  const signed = (certificate: pki.Certificate) => {
    certificate.signatureOid = sha256WithRsa;
    certificate.siginfo.algorithmOid = sha256WithRsa;
    const [content] = forge.pki.certificateToAsn1(certificate).value;
    if (typeof content !== 'object') throw new Error('the certificate has no content');
    const bytes = Buffer.from(forge.asn1.toDer(content).getBytes(), 'latin1');
    certificate.signature = sign('sha256', bytes, ca.privateKey).toString('latin1');
  };

  const root = begin(subject.ca, ca.publicKey);
  root.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  signed(root);

  const leaf = begin(subject.server, server.publicKey);
  leaf.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
        { type: 7, ip: '::1' },
      ],
    },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: root.generateSubjectKeyIdentifier().getBytes() },
  ]);
  signed(leaf);

  const pem = (certificate: pki.Certificate) => forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
  return { ca: pem(root), server: pem(leaf) + server.privateKey };
}

/** Whether the stored CA and server certificate belong together and are valid for at least another day. */
export function isUsable(authority: Authority, now: Date): boolean {
  try {
    const ca = new X509Certificate(authority.ca);
    const server = new X509Certificate(authority.server);
    return server.verify(ca.publicKey) && Date.parse(server.validTo) - now.getTime() > day;
  } catch {
    return false;
  }
}

function newKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
