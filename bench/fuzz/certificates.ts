import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SelfSigned, writeCertificate } from '../../__tests__/support/certificate.ts';

/** Certificates to begin with. The first two are those of the device `edge-001` in `files`, and lie in the workspace under `names`. */
export interface Certificates {
  readonly names: readonly string[];
  readonly files: readonly { readonly pem: Buffer; readonly der: Buffer }[];
}

const subject = [{ CN: ['edge-001'] }];
const wanted: readonly SelfSigned[] = [
  { subject },
  { subject },
  { subject, bits: 2048, to: 86_400_000 },
  { subject: [{ O: ['Contoso'] }, ...subject], authority: true, usages: [] },
];

/** Makes them anew: no key lies in the repository, and a certificate expires. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-fuzz-'));
  try {
    const files: Certificates['files'][number][] = [];
    for (const one of wanted) {
      await writeCertificate(join(folder, 'c.pem'), one);
      const pem = readFileSync(join(folder, 'c.pem'));
      files.push({ pem, der: new X509Certificate(pem).raw });
    }
    return { names: ['c.pem', 'd.pem'], files };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
