import { type KeyObject, X509Certificate } from 'node:crypto';

/**
 * The certificate of a file's whole DER, or of a block; what stands behind it, as in a TRUSTED CERTIFICATE, is left.
 * OpenSSL also reads what is not quite DER, and digests its own encoding of it: that thumbprint would not be the file's.
 */
export function parseCertificate(der: Buffer): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    const { raw } = certificate;
    return der.subarray(0, raw.length).equals(raw) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** None where OpenSSL does not know the algorithm, or the key is broken. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** A date of a certificate, `Nov  3 12:00:00 2026 GMT`: Node 20 has it as text alone. Throws when it is none. */
export function dateOf(text: string): Date {
  const read = new Date(text);
  if (Number.isNaN(read.getTime())) throw new Error(`date ${text}`);
  return read;
}
