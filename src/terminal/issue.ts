import { resolve } from 'node:path';
import { issueCertificates } from '../identity/issue.ts';
import { refusalToFill } from '../run/named-file.ts';
import type { Settings } from '../run/settings.ts';
import { terminalFault } from './faults.ts';
import { terminalLines } from './lines.ts';
import { findRoot } from './root.ts';

/** Issues demo certificates and prints their paths. */
export async function runIssue(
  ids: readonly string[],
  settings: Settings,
  print: (line: string) => void,
): Promise<void> {
  const issued = await issueCertificates({
    ids,
    certificatesDirectory: folderOf(settings, 'certificates-directory', 'certs'),
    keysDirectory: folderOf(settings, 'keys-directory', 'device-keys'),
    days: validity(settings.days ?? '365'),
    now: new Date(),
  });
  print(terminalLines['root-issued']({ path: issued.root.certificate, reused: issued.root.reused }));
  for (const path of issued.certificates) print(terminalLines['certificate-issued']({ path }));
  for (const path of issued.keys) print(terminalLines['key-issued']({ path }));
  print(terminalLines['keep-keys-safe']());
}

function folderOf(settings: Settings, option: string, usual: string): string {
  const path = settings[option] ?? usual;
  const why = refusalToFill(resolve(path), findRoot(process.cwd(), []));
  if (why !== undefined) throw terminalFault('path-refused', { option, path, why });
  return resolve(path);
}

function validity(given: string): number {
  if (/^\d{1,5}$/.test(given) && Number(given) > 0) return Number(given);
  throw terminalFault('not-days', { given });
}
