import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { asn1, pki } from 'node-forge';
import type { RootProblem } from './faults.ts';

/** The demo authority: its certificate and its signing key (RSA). */
export interface Authority {
  readonly pem: string;
  readonly key: KeyObject;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Reads an authority from the texts of its two files, or returns why it cannot sign. Throws if a text cannot be parsed. */
export function readAuthority(pem: string, keyPem: string): Authority | RootProblem {
  const certificate = new X509Certificate(pem);
  const key = createPrivateKey(keyPem);
  if (!certificate.checkPrivateKey(key)) return 'other-key';
  if (!certificate.ca) return 'no-authority';
  if (key.asymmetricKeyType !== 'rsa') return 'not-rsa';
  return { pem: certificate.toString(), key };
}

/** Makes a self-signed root with the given RSA key. */
export async function makeAuthority(name: string, key: KeyObject, validity: Validity): Promise<Authority> {
  const forge = await loadForge();
  const certificate = emptyCertificate(forge, key, validity);
  const subject = [{ shortName: 'CN', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { pem: signed(forge, forge.pki.certificateToAsn1(certificate), key), key };
}

/** Issues the certificate of a device as PEM: CA:FALSE, digitalSignature, clientAuth. Its key is RSA or EC. */
export async function issueLeaf(
  authority: Authority,
  commonName: string,
  publicKey: KeyObject,
  validity: Validity,
): Promise<string> {
  const forge = await loadForge();
  const issuer = forge.pki.certificateFromPem(authority.pem);
  const certificate = emptyCertificate(forge, authority.key, validity);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', clientAuth: true },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  const structure = forge.pki.certificateToAsn1(certificate);
  const fields = children(children(structure)[0]);
  // forge writes names as PrintableString, which has no `_` or `@`, and does not support EC keys. So replace both fields here.
  fields.splice(subjectField, 2, nameOf(forge, commonName), fromDer(forge, publicKey));
  return signed(forge, structure, authority.key);
}

type Forge = Awaited<ReturnType<typeof loadForge>>;

// Loading it takes longer than most commands run, so it is loaded only to issue certificates.
async function loadForge() {
  return (await import('node-forge')).default;
}

const subjectField = 5; // of a TBSCertificate, after version, serial number, signature, issuer and validity; then the key

function emptyCertificate(forge: Forge, key: KeyObject, { notBefore, notAfter }: Validity): pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  );
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  certificate.signatureOid = forge.pki.oids.sha256WithRSAEncryption ?? '';
  certificate.siginfo.algorithmOid = certificate.signatureOid;
  certificate.signature = '';
  return certificate;
}

/** Returns 16 random bytes as a positive number: RFC 5280, 4.1.2.2. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}

/** Signs with node:crypto, which is about thirty times faster than forge. */
function signed(forge: Forge, structure: asn1.Asn1, key: KeyObject): string {
  const parts = children(structure);
  const signature = sign('sha256', derOf(forge, parts[0]), key).toString('latin1');
  const { Class, Type } = forge.asn1;
  parts.splice(2, 1, forge.asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature}`));
  return new X509Certificate(derOf(forge, structure)).toString();
}

function nameOf(forge: Forge, commonName: string): asn1.Asn1 {
  const { create, oidToDer, Class, Type } = forge.asn1;
  const attribute = create(Class.UNIVERSAL, Type.SEQUENCE, true, [
    create(Class.UNIVERSAL, Type.OID, false, oidToDer('2.5.4.3').getBytes()),
    create(Class.UNIVERSAL, Type.UTF8, false, Buffer.from(commonName, 'utf8').toString('latin1')),
  ]);
  const names = create(Class.UNIVERSAL, Type.SET, true, [attribute]);
  return create(Class.UNIVERSAL, Type.SEQUENCE, true, [names]);
}

function fromDer(forge: Forge, publicKey: KeyObject): asn1.Asn1 {
  return forge.asn1.fromDer(publicKey.export({ type: 'spki', format: 'der' }).toString('latin1'));
}

function derOf(forge: Forge, node: asn1.Asn1 | undefined): Buffer {
  return node === undefined ? Buffer.alloc(0) : Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');
}

function children(node: asn1.Asn1 | undefined): asn1.Asn1[] {
  return node === undefined || typeof node.value === 'string' ? [] : node.value;
}
