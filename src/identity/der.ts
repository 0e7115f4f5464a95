import { type KeyObject, X509Certificate } from 'node:crypto';

/**
 * Reads a certificate from the DER of a file or of a PEM block. Ignores bytes after it, as in a TRUSTED CERTIFICATE.
 * OpenSSL also accepts almost-DER and computes the digest of its own encoding of it. That thumbprint would not be the file's, so
 * such a certificate is refused.
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

/** Returns undefined if OpenSSL does not know the algorithm, or if the key is broken. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** Parses a date of a certificate, `Nov  3 12:00:00 2026 GMT`. Node 20 gives it only as text. Throws if it is not a date. */
export function dateOf(text: string): Date {
  const read = new Date(text);
  if (Number.isNaN(read.getTime())) throw new Error(`date ${text}`);
  return read;
}
