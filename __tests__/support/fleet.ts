import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BasicConstraintsExtension, ExtendedKeyUsageExtension, X509CertificateGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Writes `certs/<id>-primary.pem` and `-secondary.pem` for each id below a folder: EC leaves of a new root. This is fast enough
 * for thousands of devices. The keys are not kept.
 */
export async function writeCertificates(folder: string, ids: readonly string[]): Promise<void> {
  mkdirSync(join(folder, 'certs'), { recursive: true });
  const root = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const notBefore = new Date(Date.now() - 3_600_000);
  const notAfter = new Date(Date.now() + 365 * 86_400_000);
  let serial = 1;
  for (const id of ids) {
    for (const slot of ['primary', 'secondary']) {
      const { publicKey } = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
      const certificate = await X509CertificateGenerator.create({
        serialNumber: (serial++).toString(16).padStart(8, '0'),
        subject: [{ CN: [id] }],
        issuer: 'CN=Test root',
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        signingKey: root.privateKey,
        publicKey,
        extensions: [new BasicConstraintsExtension(false), new ExtendedKeyUsageExtension([clientAuth])],
      });
      writeFileSync(join(folder, 'certs', `${id}-${slot}.pem`), `${certificate.toString('pem')}\n`);
    }
  }
}

/** Returns a manifest whose devices have the certificates of `writeCertificates`. */
export function manifestOf(ids: readonly string[], more = ''): string {
  return `version: 1
defaults:
  certificates: { primary: "certs/{id}-primary.pem", secondary: "certs/{id}-secondary.pem" }
  runtime: { version: "1.1", platform: debian }
devices:
${ids.map((id) => `  - id: "${id}"\n`).join('')}${more}`;
}

/** `edge-0001`, `edge-0002`, … */
export function manyIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `edge-${String(n + 1).padStart(4, '0')}`);
}
