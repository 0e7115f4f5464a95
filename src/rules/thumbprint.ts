import type { Slot } from '../model/fleet.ts';
import { rule } from './rule.ts';
import { allVersions, cutOff, iotedge, manifest, nobody, thumbprintsOfHub } from './sources.ts';

/** What was dropped from a given thumbprint, and how often. */
export interface Dropped {
  readonly kind: 'colon' | 'dot' | 'dash' | 'space' | 'mark' | 'label';
  /** The code point of an invisible mark, `U+200E`, or the text of a label. */
  readonly text?: string;
  readonly count: number;
}

export const thumbprintRules = {
  'thumbprint/missing': rule<{ id: string }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The device has neither certificates nor thumbprints, so there is nothing to register.',
    message: ({ id }) => `device "${id}" has neither certificates nor thumbprints`,
    remedy: () =>
      'Give it certificates.primary (and certificates.secondary), or thumbprints; defaults may do it for all: certificates: {primary: "certs/{id}-primary.pem"}.',
    example: { id: 'edge-001' },
  }),
  'thumbprint/length': rule<{ length: number }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintsOfHub }],
    about: 'A thumbprint has 40 (SHA-1) or 64 (SHA-256) hex digits.',
    message: ({ length }) => `the thumbprint has ${length} hex digits, expected 40 (SHA-1) or 64 (SHA-256)`,
    remedy: () => 'Copy it again: openssl x509 -in certificate.pem -noout -fingerprint -sha256.',
    example: { length: 39 },
  }),
  'thumbprint/not-hex': rule<{ character: string; position: number }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintsOfHub }],
    about: 'A thumbprint has only the digits 0-9 and A-F.',
    message: ({ character, position }) =>
      `the thumbprint has ${JSON.stringify(character)} at position ${position}, expected hex digits (0-9, A-F)`,
    remedy: () => 'Copy it again: openssl x509 -in certificate.pem -noout -fingerprint -sha256.',
    example: { character: 'O', position: 7 },
  }),
  'thumbprint/mixed-lengths': rule<{ primary: number; secondary: number }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintsOfHub }],
    about: 'IoT Hub accepts two thumbprints only if both are SHA-1 or both are SHA-256.',
    message: ({ primary, secondary }) =>
      `the primary thumbprint has ${primary} digits and the secondary ${secondary}, expected the same length for both`,
    remedy: () =>
      'Give both as SHA-1 (40) or both as SHA-256 (64); thumbprintAlgorithm chooses for those made from certificates.',
    example: { primary: 64, secondary: 40 },
  }),
  'thumbprint/mismatch': rule<{ slot: Slot; given: string; path: string; expected: string }>({
    severity: 'error',
    refusedBy: [manifest, cutOff],
    about: 'A thumbprint differs from the certificate of the same slot.',
    message: ({ slot, given, path, expected }) =>
      `the ${slot} thumbprint ${given} is not that of ${path}, which is ${expected}`,
    remedy: () => 'Remove the thumbprint (it is made from the certificate), or name the certificate it belongs to.',
    example: { slot: 'primary', given: '00…00', path: 'certs/edge-001-primary.pem', expected: '3F…9A' },
  }),
  'thumbprint/only-secondary': rule<{ what: 'thumbprint' | 'certificate' }>({
    severity: 'error',
    refusedBy: [
      manifest,
      {
        who: 'runtime',
        versions: allVersions,
        when: 'first connection',
        source: iotedge(
          '1.5.44',
          'edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Core/identity/service/X509ThumbprintAuthentication.cs',
        ),
      },
    ],
    about:
      "Only the secondary slot has a value. The primary is required: with an empty slot, edgeHub's scope refresh fails: https://github.com/Azure/iotedge/pull/3775.",
    message: ({ what }) => `only a secondary ${what} is given, expected a primary one`,
    remedy: () => 'Give it as primary; one value fills both slots.',
    example: { what: 'thumbprint' },
  }),
  'thumbprint/normalised': rule<{ dropped: readonly Dropped[] }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Separators, or the invisible mark that the Windows certificate dialog copies, were removed from a thumbprint.',
    message: ({ dropped }) => `dropped from the thumbprint: ${dropped.map(droppedText).join(', ')}`,
    remedy: () => 'Do nothing, or write only the hex digits.',
    example: { dropped: [{ kind: 'colon', count: 31 }] },
  }),
  'thumbprint/single': rule<{ id: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Only a primary is given, so its value fills both slots of the hub. You need a second certificate for a rotation.',
    message: ({ id }) => `device "${id}" has one certificate; its thumbprint fills both slots`,
    remedy: () => 'Give it a secondary certificate before the first one ends.',
    example: { id: 'edge-001' },
  }),
};

/** `31 colons`, `1 invisible mark (U+200E)` */
function droppedText({ kind, text, count }: Dropped): string {
  if (kind === 'label') return `${count} "${text}"`;
  const name = kind === 'mark' ? 'invisible mark' : kind;
  const plural = kind === 'dash' ? 'dashes' : `${name}s`;
  return `${count} ${count === 1 ? name : plural}${kind === 'mark' ? ` (${text})` : ''}`;
}
