import { relative, resolve } from 'node:path';
import { type Issued, issueCertificates, keyTypes } from '../identity/issue.ts';
import { refusalToFill } from '../run/named-file.ts';
import type { Settings } from '../run/settings.ts';
import { stopFromOutside } from '../run/signals.ts';
import { terminalFault } from './faults.ts';
import { terminalLines } from './lines.ts';
import { terminalProgress } from './progress.ts';
import { findRoot } from './root.ts';

/** Issues demo certificates and prints their paths. A signal stops it; nothing is written then. */
export async function runIssue(
  ids: readonly string[],
  settings: Settings,
  print: (line: string) => void,
): Promise<void> {
  const certificatesDirectory = folderOf(settings, 'certificates-directory', 'certs');
  const keysDirectory = folderOf(settings, 'keys-directory', 'device-keys');
  const keyType = keyTypeOf(settings.key ?? 'rsa');
  const days = validity(settings.days ?? '365');
  const progress = terminalProgress(() => process.stderr);
  const outside = stopFromOutside();
  let issued: Issued;
  try {
    issued = await issueCertificates({
      ids,
      certificatesDirectory,
      keysDirectory,
      days,
      keyType,
      now: new Date(),
      stop: outside.stop,
      made: (done, total) => progress.counted?.('issuing certificates', done, total),
    });
  } finally {
    progress.clear();
    outside.release();
  }
  const { root, certificates, keys } = issued;
  print(terminalLines['root-issued']({ path: root.certificate, reused: root.reused }));
  if (certificates.length <= mostPaths) {
    for (const path of certificates) print(terminalLines['certificate-issued']({ path }));
    for (const path of keys) print(terminalLines['key-issued']({ path }));
  } else {
    print(terminalLines['certificates-issued']({ count: certificates.length, folder: asTyped(certificatesDirectory) }));
    print(terminalLines['keys-issued']({ count: keys.length, folder: asTyped(keysDirectory) }));
  }
  print(terminalLines['keep-keys-safe']());
}

/** The most certificates that are listed by their paths. */
const mostPaths = 40;

function asTyped(folder: string): string {
  return relative(process.cwd(), folder) || '.';
}

function folderOf(settings: Settings, option: string, usual: string): string {
  const path = settings[option] ?? usual;
  const why = refusalToFill(resolve(path), findRoot(process.cwd(), []));
  if (why !== undefined) throw terminalFault('path-refused', { option, path, why });
  return resolve(path);
}

function keyTypeOf(given: string): (typeof keyTypes)[number] {
  const known = keyTypes.find((type) => type === given);
  if (known === undefined) throw terminalFault('unknown-key-type', { given, known: keyTypes });
  return known;
}

function validity(given: string): number {
  if (/^\d{1,5}$/.test(given) && Number(given) > 0) return Number(given);
  throw terminalFault('not-days', { given });
}
