import type { ChainFault } from '../model/identity.ts';
import { rule } from './rule.ts';
import { shellWord } from './shell.ts';
import { manifest, nobody } from './sources.ts';

interface InFile {
  readonly path: string;
}

type BrokenChain = Pick<Extract<ChainFault, { kind: 'broken' }>, 'subject' | 'of' | 'issuer' | 'why'>;

/** The other certificates of a file, and those of authorities. */
export const chainRules = {
  'certificate/more-than-one': rule<InFile & { subjects: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'The file has two or more certificates that are not authorities. The device sends the first certificate of a file, and only one can be registered.',
    message: ({ path, subjects }) =>
      `${path} holds ${subjects.length} certificates of devices (${inOrder(subjects)}), expected one and the authorities that issued it`,
    remedy: () =>
      "Put each certificate into its own file. Name a device's two files in certificates.primary and certificates.secondary.",
    example: { path: 'certs/edge-001.pem', subjects: ['CN=edge-001', 'CN=edge-001'] },
  }),
  'certificate/chain-broken': rule<InFile & BrokenChain>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A certificate of the file issued none of the others. It is an authority of the same name with another key, it belongs to another chain, or a link is missing. The device sends the chain as it is. The hub compares only the thumbprint, but a server that verifies the chain refuses it. Bundles leave the certificate out.',
    message: ({ path, subject, of, issuer, why }) => `${path}: "${subject}" ${chainProblem(why, of, issuer)}`,
    remedy: ({ path }) =>
      `See who issued whom: openssl crl2pkcs7 -nocrl -certfile ${shellWord(path)} | openssl pkcs7 -print_certs -noout. Keep the device's own certificate, then the issuer of each behind it; the root may be left out.`,
    commandFiles: ({ path }) => [path],
    example: {
      path: 'certs/edge-001-primary.pem',
      subject: 'CN=Plant CA',
      of: 'CN=edge-001',
      issuer: 'CN=Plant CA',
      why: 'other-key',
    },
  }),
  'certificate/chain-not-valid': rule<InFile & { issuer: string; validity: { ended: string } | { begins: string } }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'An authority in the file has ended, or its validity has not begun. The hub compares thumbprints and accepts the device anyway. A server that verifies the chain refuses it.',
    message: ({ path, issuer, validity }) =>
      `${path}: the authority "${issuer}" in it ${'ended' in validity ? `ended at ${validity.ended}` : `is not valid before ${validity.begins}`}`,
    remedy: () =>
      "Put the authority's current certificate in its place; if it has none, issue the device's certificate again under one that is valid.",
    example: {
      path: 'certs/edge-001-primary.pem',
      issuer: 'CN=Plant CA',
      validity: { ended: '2024-05-01T12:00:00Z' },
    },
  }),
  'certificate/chain-order': rule<InFile & { found: readonly string[]; expected: readonly string[] }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      "The certificates of the file form a chain, but the device's own is not the first, or an authority stands before the certificate that it issued. The thumbprint comes from the device's own certificate, and the bundle has the right order. But a device uses the first certificate of a file as its own.",
    message: ({ path, found, expected }) =>
      `${path} has the order ${inOrder(found)}; expected the device's own first, then the issuer of each: ${inOrder(expected)}`,
    remedy: () => 'Join them again: cat device.pem intermediate.pem root.pem > chain.pem (the root may be left out).',
    example: {
      path: 'certs/edge-001-primary.pem',
      found: ['CN=Plant CA', 'CN=edge-001'],
      expected: ['CN=edge-001', 'CN=Plant CA'],
    },
  }),
  'certificate/chain-repeats': rule<InFile & { subjects: readonly string[] }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'The file has a certificate more than once. Bundles have it once.',
    message: ({ path, subjects }) => `${path} holds a certificate more than once: ${inOrder(subjects)}`,
    remedy: () => 'Remove the copy when you issue the next certificate.',
    example: { path: 'certs/edge-001-primary.pem', subjects: ['CN=Plant CA'] },
  }),
  'certificate/authority-left-out': rule<InFile & { issued?: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Among the files that `devices: {from: …}` matches, or that `new` finds in a folder, is the certificate of an authority: it has issued another of the files, or it may sign others and is not self-signed with an id as its common name. It is not a device.',
    message: ({ path, issued }) =>
      `${path} is the certificate of an authority${issued === undefined ? ' (it may sign others: keyCertSign)' : `, which issued ${issued}`}; it makes no device`,
    remedy: () =>
      "If it is an authority's, use a narrower glob, such as certs/edge-*.pem. If it is a device's, list the device in the manifest with its id and this file.",
    example: { path: 'certs/ca.pem', issued: 'certs/edge-001.pem' },
  }),
};

function chainProblem(why: BrokenChain['why'], of: string, issuer: string): string {
  switch (why) {
    case 'other-key':
      return `has the name of the issuer of "${of}", but not the key that signed it; expected the certificate that did`;
    case 'may-not-sign':
      return `has the key that signed "${of}", but may not sign it (no keyCertSign in its key usage, or another key identifier); expected a certificate that may`;
    case 'stranger':
      return `issued none of the other certificates; expected "${issuer}", which issued "${of}"`;
    case 'behind-root':
      return `issued none of the other certificates; expected no more behind the root "${of}"`;
  }
}

function inOrder(subjects: readonly string[]): string {
  return subjects.map((subject) => `"${subject}"`).join(', ');
}
