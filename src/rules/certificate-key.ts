import type { WeakDigest } from '../model/identity.ts';
import { rule } from './rule.ts';
import { identityService, iotedge, newVersions, nobody, oldVersions, openSslLevels, secret } from './sources.ts';

interface InFile {
  readonly path: string;
}

/** What holds a key or a signature: the file's own certificate, or an authority in the file, by its subject. */
interface Held extends InFile {
  readonly authority?: string;
}

/** An EC key with a runtime that takes only RSA (on Windows) or only P-256, or a key that is neither RSA nor EC. */
type UnsupportedKey =
  | { readonly curve: string; readonly version: string; readonly only: 'rsa' | 'p256' }
  /** As it is called: `Ed25519`. */
  | { readonly algorithm: string };

/** The key of a certificate, and the signature of its issuer. */
export const keyRules = {
  'certificate/weak-key': rule<Held & { bits: number }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.4 to 1.6',
        when: 'first connection',
        source: openSslLevels,
      },
    ],
    adjustable: 'warning',
    about:
      'The certificate, or an authority in its file, has an RSA key of fewer than 2048 bits. OpenSSL at security level 2 refuses to use or send such a certificate ("ee key too small", "ca key too small"), and all systems of IoT Edge 1.4 and later have this level. So the device never connects.',
    message: (details) => `${holder(details)} has an RSA key of ${details.bits} bits, expected 2048 or more`,
    remedy: ({ authority }) => (authority === undefined ? newKey : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', bits: 1024 },
  }),
  'certificate/small-key': rule<Held & { bits: number; version: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'An RSA key of fewer than 2048 bits, for a runtime older than 1.4. It works on the older systems of such a runtime (Ubuntu 18.04, Windows). OpenSSL on Debian 10, Ubuntu 20.04, RHEL 8 and later refuses it.',
    message: (details) =>
      `${holder(details)} has an RSA key of ${details.bits} bits, which newer systems under IoT Edge ${details.version} refuse; expected 2048 or more`,
    remedy: ({ authority }) => (authority === undefined ? newKey : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', bits: 1024, version: '1.1' },
  }),
  'certificate/useless-key': rule<InFile & { exponent: string }>({
    severity: 'error',
    refusedBy: [secret],
    about:
      'The RSA key has the public exponent 1, so everybody can sign as the device, or an even exponent, which has no private key.',
    message: ({ path, exponent }) =>
      `${path} has an RSA key with the exponent ${exponent}, ${exponent === '1' ? 'with which everybody can sign as the device' : 'which has no private key'}; expected 65537`,
    remedy: () => newKey,
    example: { path: 'certs/edge-001-primary.pem', exponent: '1' },
  }),
  'certificate/weak-signature': rule<Held & { digest: WeakDigest }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: newVersions,
        when: 'first connection',
        source: openSslLevels,
      },
    ],
    adjustable: 'warning',
    about:
      'The certificate, or an authority in its file, is signed with MD2, MD4, MD5, SHA-0 or SHA-1. OpenSSL 3, and 1.1.1 at security level 2, refuse to use such a certificate ("ca md too weak"), unless it is self-signed. Older systems use it.',
    message: (details) => `${holder(details)} is signed with ${details.digest}, expected SHA-256 or better`,
    remedy: ({ authority }) => (authority === undefined ? 'Issue it again with -sha256.' : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', digest: 'SHA-1' },
  }),
  'certificate/key-type-unsupported': rule<InFile & { key: UnsupportedKey }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: newVersions,
        when: 'start',
        // EcCurve has NistP256 alone ("key curve not recognized"), for files and for PKCS#11; the same from 1.2 to 1.6.
        source: identityService('1.5.0', 'key/aziot-keys/src/key_pair.rs'),
      },
      {
        who: 'runtime',
        versions: `${oldVersions} on Windows`,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/edgelet-http/src/windows.rs'),
      },
    ],
    adjustable: 'warning',
    about:
      'The runtime cannot use this key. From 1.2 on it reads RSA and EC with P-256. On Windows 1.1 it reads only RSA. IoT Edge 1.0 and 1.1 on Linux use OpenSSL, which also reads P-384 and P-521.',
    message: ({ path, key }) => {
      const { name, runtime, expected } = keyWords(key);
      return `${path} has ${name} key, which ${runtime} cannot use; expected ${expected}`;
    },
    remedy: ({ key }) =>
      `Issue the certificate again for ${keyWords(key).expected} key.${'only' in key && key.only === 'p256' ? ' Make one: openssl ecparam -name prime256v1 -genkey -noout -out device.key.pem.' : ''}`,
    example: { path: 'certs/edge-001-primary.pem', key: { curve: 'secp384r1', version: '1.6', only: 'p256' } },
  }),
  'certificate/same-key-twice': rule<{ same: 'key' | 'certificate' }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Primary and secondary certificate have the same key, so the second slot does not help if the key is lost or leaks.',
    message: ({ same }) =>
      `primary and secondary certificate ${same === 'key' ? 'hold the same public key' : 'are the same certificate'}, expected two different keys`,
    remedy: () => 'Create another key for the second certificate.',
    example: { same: 'key' },
  }),
};

const otherAuthority =
  "Remove the authority from the file: the hub compares only the device's thumbprint. Or issue the certificate again under another authority.";

function holder({ path, authority }: Held): string {
  return authority === undefined ? path : `${path}: the authority "${authority}" in it`;
}

const newKey =
  'Make a new key: openssl genrsa -out device.key.pem 2048, or an EC key: openssl ecparam -name prime256v1 -genkey -noout -out device.key.pem.';

function keyWords(key: UnsupportedKey): { readonly name: string; readonly runtime: string; readonly expected: string } {
  if ('curve' in key) {
    const name = `an EC (${key.curve})`;
    return key.only === 'rsa'
      ? { name, runtime: `IoT Edge ${key.version} on Windows`, expected: 'an RSA' }
      : { name, runtime: `IoT Edge ${key.version}`, expected: 'an EC (prime256v1, which is P-256) or RSA' };
  }
  const article = /^[AERXu]/.test(key.algorithm) ? 'an' : 'a';
  return { name: `${article} ${key.algorithm}`, runtime: 'IoT Edge', expected: 'an RSA or EC' };
}
