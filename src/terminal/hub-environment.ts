import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tls from 'node:tls';
import type { EmbeddedHub } from '../emulator/hub.ts';

export const shells = ['sh', 'pwsh'] as const;

export type Shell = (typeof shells)[number];

/** The lines by which a shell gives the clients that it starts what they need to call this hub. */
export function environmentOf({ connectionString, caFile }: EmbeddedHub, shell: Shell): string {
  const bundle = writeBundle(caFile);
  const variables = {
    IOTHUB_CONNECTION_STRING: connectionString,
    // No client reads it. It is for those that are given the file, such as Java's keytool.
    IOTHUB_CA_FILE: caFile,
    // Node; Python's requests and the Azure CLI; Go, .NET and OpenSSL. All but Node trust nothing but this file.
    NODE_EXTRA_CA_CERTS: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    SSL_CERT_FILE: bundle,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${assignment[shell](name, value)}\n`)
    .join('');
}

const assignment: Readonly<Record<Shell, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  // https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
  pwsh: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
};

/** Writes the hub's CA and those that are trusted here already into one file beside the CA's, so that other hosts stay reachable. */
function writeBundle(caFile: string): string {
  const path = join(dirname(caFile), 'ca-bundle.pem');
  // Node 20 has no such function. It cannot tell which authorities are trusted beside the public ones.
  const added = (['system', 'extra'] as const).flatMap((kind) => tls.getCACertificates?.(kind) ?? []);
  const trusted = new Set([...tls.rootCertificates, ...added]);
  writeFileSync(path, [readFileSync(caFile, 'utf8'), ...trusted].map((pem) => `${pem.trim()}\n`).join(''));
  return path;
}
