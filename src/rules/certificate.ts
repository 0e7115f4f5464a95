import type { Slot } from '../model/fleet.ts';
import type { SearchBound } from '../model/workspace.ts';
import { chainRules } from './certificate-chain.ts';
import { keyRules } from './certificate-key.ts';
import { usageRules } from './certificate-usage.ts';
import { pemBeside, pkcs12Command, pkcs12Legacy } from './commands.ts';
import { slashRemedy } from './foreign-form.ts';
import { rule } from './rule.ts';
import { shellWord } from './shell.ts';
import {
  checkOfValidity,
  cutOff,
  iotedge,
  manifest,
  nobody,
  oldVersions,
  secret,
  thumbprintAuthentication,
  workspace,
} from './sources.ts';
import { type Unreadable, unreadableRemedy, unreadableText } from './unreadable.ts';

interface InFile {
  readonly path: string;
}

/** What a device has that another device has too. Certificates and keys are named by the path of their file. */
export type Shared = { readonly certificate: string } | { readonly keyOf: string } | { readonly thumbprint: Slot };

export const certificateRules = {
  'certificate/key-search-bound': rule<{ bound: SearchBound }>({
    severity: 'warning',
    refusedBy: [secret],
    about:
      'The run searches for private keys in the folders of manifests and certificates. It found more files or folders than it reads, or took too long. It does not find a private key in the rest.',
    message: ({ bound }) =>
      `the search for private keys ended after ${bound.most} ${bound.of}, so not all files were seen`,
    remedy: () => 'Keep manifests and certificates in their own folders, apart from large trees of files.',
    example: { bound: { most: 200_000, of: 'folders' } },
  }),
  'certificate/missing': rule<InFile>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The manifest names a certificate file that does not exist.',
    message: ({ path }) => `certificate ${path} does not exist`,
    remedy: ({ path }) =>
      slashRemedy(path) ?? 'Commit the public certificate there, or correct the path (it is relative to the manifest).',
    example: { path: 'certs/edge-001-primary.pem' },
  }),
  'certificate/unreadable': rule<InFile & { problem: Unreadable }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The file is not an X.509 certificate in PEM or DER, it is too large, or it cannot be opened.',
    message: ({ path, problem }) => `${path} cannot be read as a certificate: ${unreadableText(problem)}`,
    remedy: ({ path, problem }) => unreadableRemedy(path, problem),
    commandFiles: ({ path }) => [path, pemBeside(path)],
    example: { path: 'certs/edge-001.pem', problem: { kind: 'empty' } },
  }),
  'certificate/outside-workspace': rule<InFile & { detail: string }>({
    severity: 'error',
    refusedBy: [workspace],
    about:
      'Files that a manifest names must be inside the workspace, with links resolved, and not in .git. Otherwise a pull request could make the runner read other files.',
    message: ({ path, detail }) => `${path} may not be read: ${detail}`,
    remedy: () => 'Move the certificate into the repository and name it by a path relative to the manifest.',
    example: { path: '../secrets/edge-001.pem', detail: 'it lies outside the workspace' },
  }),
  'certificate/no-cn': rule<InFile & { id: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The subject has no common name. Microsoft says that it should be the device id (https://learn.microsoft.com/azure/iot-edge/how-to-provision-single-device-linux-x509). With thumbprint authentication, neither the hub nor the runtime reads it.',
    message: ({ path, id }) => `${path} has no common name (CN), expected "${id}"`,
    remedy: ({ id }) => `Issue the certificate again with the subject CN=${id}.`,
    example: { path: 'certs/edge-001-primary.pem', id: 'edge-001' },
  }),
  'certificate/cn-mismatch': rule<InFile & { commonNames: readonly string[]; id: string }>({
    severity: 'error',
    refusedBy: [cutOff],
    adjustable: 'warning',
    about:
      'The common name differs from the device id. So the file probably belongs to another device. The hub would then not know the certificate that this device carries, and the device could not connect. With thumbprints, neither hub nor runtime compares the two.',
    message: ({ path, commonNames, id }) =>
      commonNames.length > 1
        ? `${path} has ${commonNames.length} common names (${quoted(commonNames)}), expected one, "${id}"`
        : `${path} has the common name ${JSON.stringify(commonNames[0])}, expected "${id}"`,
    remedy: ({ id }) => `Correct the path, or issue the certificate again with the subject CN=${id} (case counts).`,
    example: { path: 'certs/edge-001-primary.pem', commonNames: ['edge-010'], id: 'edge-001' },
  }),
  'certificate/names-no-device': rule<InFile & { commonNames: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'A file that makes a device (by `devices: {from: …}`, or by `new`) has no common name, or several. The common name is the device id, so the device is not known.',
    message: ({ path, commonNames }) =>
      commonNames.length === 0
        ? `${path} has no common name (CN), so it is not known whose it is; expected the id of the device`
        : `${path} has ${commonNames.length} common names (${quoted(commonNames)}); expected one, the id of the device`,
    remedy: () =>
      'Issue it again with one common name, or write the device into the list by its id, with this file among its certificates.',
    example: { path: 'certs/edge-001-primary.pem', commonNames: [] },
  }),
  'certificate/not-yet-valid': rule<InFile & { notBefore: string }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintAuthentication }, ...checkOfValidity('error')],
    adjustable: 'warning',
    about: 'The certificate is not valid yet. The hub refuses it until then.',
    message: ({ path, notBefore }) => `${path} is not valid before ${notBefore}`,
    remedy: () => 'Wait until then, or issue it again. Check the clock of the machine that issued it.',
    example: { path: 'certs/edge-001-primary.pem', notBefore: '2030-01-01T00:00:00Z' },
  }),
  'certificate/expired': rule<InFile & { notAfter: string }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintAuthentication }, ...checkOfValidity('error')],
    adjustable: 'warning',
    about: 'The certificate has ended. The device cannot connect with it.',
    message: ({ path, notAfter }) => `${path} ended at ${notAfter}`,
    remedy: () =>
      'Issue a new certificate, register it in the free slot, and install it on the device. Then drop the old one.',
    example: { path: 'certs/edge-001-primary.pem', notAfter: '2024-05-01T12:00:00Z' },
  }),
  'certificate/expires-soon': rule<InFile & { id: string; slot: string; notAfter: string; days: number }>({
    severity: 'warning',
    refusedBy: checkOfValidity('warning'),
    adjustable: 'off',
    about: 'The certificate ends within `expiry-warning-days`. Replace it as docs/rotation.md says.',
    message: ({ path, id, slot, notAfter, days }) =>
      `the ${slot} certificate of device "${id}", ${path}, ends in ${days} ${days === 1 ? 'day' : 'days'}, at ${notAfter}`,
    remedy: () => 'Issue its successor now and register it in the other slot.',
    example: {
      path: 'certs/edge-001-primary.pem',
      id: 'edge-001',
      slot: 'primary',
      notAfter: '2026-12-01T12:00:00Z',
      days: 8,
    },
  }),
  ...usageRules,
  ...chainRules,
  ...keyRules,
  'certificate/no-free-slot': rule<InFile & { id: string; taken: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'The files of `devices: {from: …}`, or of `new`, contain more certificates of one device than it has slots, or two for one slot.',
    message: ({ path, id, taken }) =>
      `${path} is one more certificate of device "${id}", which has ${taken.join(' and ')} already`,
    remedy: () =>
      'Move the certificate that the device no longer needs to another folder, or rename the files: …-primary.pem and …-secondary.pem.',
    example: {
      path: 'certs/old/edge-001-primary.pem',
      id: 'edge-001',
      taken: ['certs/edge-001-primary.pem', 'certs/edge-001-secondary.pem'],
    },
  }),
  'certificate/year-2050': rule<InFile & { notAfter: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/hsm-sys/azure-iot-hsm-c/src/certificate_info.c'),
      },
    ],
    adjustable: 'warning',
    about:
      'IoT Edge 1.0 and 1.1 refuse a certificate that ends in 2050 or later (its date is written as GeneralizedTime).',
    message: ({ path, notAfter }) =>
      `${path} ends at ${notAfter}; IoT Edge 1.0 and 1.1 refuse certificates that end in 2050 or later`,
    remedy: () => 'Issue it again with an end before 2050.',
    example: { path: 'certs/edge-001-primary.pem', notAfter: '9999-12-31T23:59:59Z' },
  }),
  'certificate/year-2038': rule<InFile & { notAfter: string }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: `${oldVersions} on 32 bits`,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/hsm-sys/azure-iot-hsm-c/src/certificate_info.c'),
      },
    ],
    adjustable: 'warning',
    about: 'A 32-bit device counts seconds up to 2038-01-19T03:14:07Z. It cannot handle a later end.',
    message: ({ path, notAfter }) =>
      `${path} ends at ${notAfter}, after 2038-01-19, which 32-bit devices cannot count to`,
    remedy: () => 'If the device is 32-bit (arm32v7), issue it again with an end before 2038-01-19.',
    example: { path: 'certs/edge-001-primary.pem', notAfter: '2040-01-01T00:00:00Z' },
  }),
  'certificate/private-key-present': rule<InFile & { format: string }>({
    severity: 'error',
    refusedBy: [secret],
    about:
      'A private key is in a certificate file or near the manifest. Everybody who can read the repository can act as the device.',
    message: ({ path, format }) => `${path} holds a private key (${format}); private keys stay on the device`,
    remedy: ({ path, format }) =>
      format === 'PKCS#12'
        ? `Take the certificate alone: ${pkcs12Command(path, '-clcerts -nokeys')} (without -clcerts with its chain; ${pkcs12Legacy}). Keep the bundle out of the repository; if it was ever committed, replace the key: it is known.`
        : `Keep it out of the repository. If it was ever committed, remove it from the history too (git rm ${shellWord(path)}, then git filter-repo) and replace the key, because others may have it.`,
    commandFiles: ({ path }) => [path, pemBeside(path)],
    example: { path: 'certs/edge-001.key.pem', format: 'PRIVATE KEY' },
  }),
  'certificate/shared-between-devices': rule<{ other: string; at: string; shared: Shared }>({
    severity: 'error',
    refusedBy: [cutOff],
    about: 'Two devices of the fleet share a certificate, a key or a thumbprint. Each could act as the other.',
    message: ({ other, at, shared }) =>
      `${sharedText(shared)} is already that of device "${other}" (${at}); expected one of its own`,
    remedy: () => "Name this device's own certificate or thumbprint.",
    example: { other: 'edge-001', at: 'devices.yaml:12', shared: { thumbprint: 'primary' } },
  }),
};

function sharedText(shared: Shared): string {
  if ('certificate' in shared) return `the certificate ${shared.certificate}`;
  return 'keyOf' in shared ? `the public key of ${shared.keyOf}` : `the ${shared.thumbprint} thumbprint`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}
