import { X509Certificate } from 'node:crypto';
import { posix } from 'node:path';
import { isDeviceId } from '../model/fleet.ts';
import type { Certificate } from '../model/identity.ts';
import { withoutId, wordsOf } from './file-names.ts';
import { pemBlocks } from './pem.ts';

/** Returns the path of a file with a certificate that this one issued, or undefined if it issued none of the files at hand. */
export type IssuedBy = (certificate: Certificate) => string | undefined;

/**
 * Finds who issued whom, by their names. Files are parsed only if a certificate among them may be an authority's. A certificate that
 * names itself as its issuer counts for none: two self-signed certificates of one device have the same name.
 */
export function issuers(certificates: readonly Certificate[]): IssuedBy {
  const doubtful = certificates.filter(({ authority }) => authority !== 'none');
  if (doubtful.length === 0) return () => undefined;
  const issued = new Map<string, string>();
  const seen = new Set<string>();
  for (const { path, pem } of certificates) {
    for (const { der } of pemBlocks(pem)) {
      const content = der.toString('latin1');
      if (seen.has(content)) continue;
      seen.add(content);
      const { subject, issuer } = new X509Certificate(der);
      if (subject !== issuer && !issued.has(issuer)) issued.set(issuer, path);
    }
  }
  return ({ authority, pem }) => (authority === 'none' ? undefined : issued.get(subjectOf(pem)));
}

/** The PEM begins with the leaf. */
function subjectOf(pem: string): string {
  return new X509Certificate(pem).subject;
}

/**
 * Whether a certificate that issued none of the others makes a device. `az iot edge devices create` makes self-signed certificates
 * with keyCertSign for devices, the id as their common name. The root that it makes looks the same, so a name decides.
 */
export function mayBeDevices({ path, authority, selfIssued, commonNames }: Certificate): boolean {
  const [name = '', ...others] = commonNames;
  if (authority !== 'signing-key') return true;
  return selfIssued === true && others.length === 0 && isDeviceId(name) && !saysAuthority(path, name);
}

const authorityWords = ['root', 'authority', 'intermediate', 'issuing'];

function saysAuthority(path: string, name: string): boolean {
  const ofName = wordsOf(name);
  const ofFile = wordsOf(withoutId(posix.parse(path).name, name));
  return (
    [...ofName, ...ofFile].some((word) => authorityWords.includes(word)) ||
    ofFile.includes('ca') ||
    ['ca', 'deviceca'].includes(ofName.at(-1) ?? '')
  );
}
