import type { Slot } from '../model/fleet.ts';
import type { ChainFault, WeakDigest } from '../model/identity.ts';
import type { SearchBound } from '../model/workspace.ts';
import { pemBeside, pkcs12Command, pkcs12Legacy } from './commands.ts';
import { slashRemedy } from './foreign-form.ts';
import { rule } from './rule.ts';
import { shellWord } from './shell.ts';
import {
  checkOfValidity,
  cutOff,
  identityService,
  iotedge,
  manifest,
  newVersions,
  nobody,
  oldVersions,
  openSslLevels,
  secret,
  thumbprintAuthentication,
  workspace,
} from './sources.ts';
import { type Unreadable, unreadableRemedy, unreadableText } from './unreadable.ts';

interface InFile {
  readonly path: string;
}

/** What holds a key or a signature: the file's own certificate, or an authority in the file, by its subject. */
interface Held extends InFile {
  readonly authority?: string;
}

type BrokenChain = Pick<Extract<ChainFault, { kind: 'broken' }>, 'subject' | 'of' | 'issuer' | 'why'>;

/** An EC key with a runtime that takes only RSA (on Windows) or only P-256, or a key that is neither RSA nor EC. */
type UnsupportedKey =
  | { readonly curve: string; readonly version: string; readonly only: 'rsa' | 'p256' }
  /** As it is called: `Ed25519`. */
  | { readonly algorithm: string };

/** What a device has that another device has too. Certificates and keys are named by the path of their file. */
export type Shared = { readonly certificate: string } | { readonly keyOf: string } | { readonly thumbprint: Slot };

export const certificateRules = {
  'certificate/key-search-bound': rule<{ bound: SearchBound }>({
    severity: 'warning',
    refusedBy: [secret],
    about:
      'Private keys are looked for in the folders of the manifests and of the certificates. The search met more files or folders than it looks at, or took too long. A private key in the rest is not found.',
    message: ({ bound }) =>
      `the search for private keys ended after ${bound.most} ${bound.of}, so not all files were seen`,
    remedy: () => 'Keep manifests and certificates in folders of their own, apart from large trees of files.',
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
    about: 'The file is no X.509 certificate in PEM or DER, is too large, or cannot be opened.',
    message: ({ path, problem }) => `${path} cannot be read as a certificate: ${unreadableText(problem)}`,
    remedy: ({ path, problem }) => unreadableRemedy(path, problem),
    commandFiles: ({ path }) => [path, pemBeside(path)],
    example: { path: 'certs/edge-001.pem', problem: { kind: 'empty' } },
  }),
  'certificate/outside-workspace': rule<InFile & { detail: string }>({
    severity: 'error',
    refusedBy: [workspace],
    about:
      'Files that a manifest names lie inside the workspace, links resolved, and never in .git: a pull request must not make the runner read other files.',
    message: ({ path, detail }) => `${path} may not be read: ${detail}`,
    remedy: () => 'Move the certificate into the repository and name it by a path relative to the manifest.',
    example: { path: '../secrets/edge-001.pem', detail: 'it lies outside the workspace' },
  }),
  'certificate/no-cn': rule<InFile & { id: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The subject has no common name. Microsoft says that it should be the device id (https://learn.microsoft.com/azure/iot-edge/how-to-provision-single-device-linux-x509). With thumbprints neither the hub nor the runtime looks at it.',
    message: ({ path, id }) => `${path} has no common name (CN), expected "${id}"`,
    remedy: ({ id }) => `Issue the certificate again with the subject CN=${id}.`,
    example: { path: 'certs/edge-001-primary.pem', id: 'edge-001' },
  }),
  'certificate/cn-mismatch': rule<InFile & { commonNames: readonly string[]; id: string }>({
    severity: 'error',
    refusedBy: [cutOff],
    adjustable: 'warning',
    about:
      "The common name is not the device id, letter by letter. With thumbprints neither the hub nor the runtime compares them, so nobody tells that the file is another device's. This device would be cut off: the hub would not know the certificate that it carries.",
    message: ({ path, commonNames, id }) =>
      commonNames.length > 1
        ? `${path} has ${commonNames.length} common names (${quoted(commonNames)}), expected one, "${id}"`
        : `${path} has the common name ${JSON.stringify(commonNames[0])}, expected "${id}"`,
    remedy: ({ id }) =>
      `Name the right file, or issue the certificate again with the subject CN=${id} (upper and lower case count).`,
    example: { path: 'certs/edge-001-primary.pem', commonNames: ['edge-010'], id: 'edge-001' },
  }),
  'certificate/names-no-device': rule<InFile & { commonNames: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'A file that makes a device (by `devices: {from: …}`, or by `new`) has no common name, or several. The common name is the id, so it is not known which device this is.',
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
    about: "The certificate's validity has not begun; the hub refuses it until then.",
    message: ({ path, notBefore }) => `${path} is not valid before ${notBefore}`,
    remedy: () =>
      'Wait until then, or issue it again; if the date looks right, check the clock of the machine that issued it.',
    example: { path: 'certs/edge-001-primary.pem', notBefore: '2030-01-01T00:00:00Z' },
  }),
  'certificate/expired': rule<InFile & { notAfter: string }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: thumbprintAuthentication }, ...checkOfValidity('error')],
    adjustable: 'warning',
    about: 'The certificate has ended: the device cannot connect with it.',
    message: ({ path, notAfter }) => `${path} ended at ${notAfter}`,
    remedy: () =>
      'Issue a new certificate, put it into the free slot and bring it to the device before the old one is dropped.',
    example: { path: 'certs/edge-001-primary.pem', notAfter: '2024-05-01T12:00:00Z' },
  }),
  'certificate/expires-soon': rule<InFile & { id: string; slot: string; notAfter: string; days: number }>({
    severity: 'warning',
    refusedBy: checkOfValidity('warning'),
    adjustable: 'off',
    about: 'The certificate ends within `expiry-warning-days`. How it is replaced: docs/rotation.md.',
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
  'certificate/signing-key': rule<InFile & { issued: string }>({
    severity: 'error',
    refusedBy: [secret],
    adjustable: 'warning',
    about:
      "A certificate authority stands where the device's identity belongs: it issued another certificate of the fleet, so its key would lie on a device. Registering the device CA is a classic mistake: https://github.com/Azure/iotedge/issues/3260.",
    message: ({ path, issued }) =>
      `${path} is the certificate of the authority that issued ${issued}, expected the device's own identity certificate`,
    remedy: () =>
      'Name the leaf certificate: the one with CA:FALSE and clientAuth. In a chain file the leaf comes first.',
    example: { path: 'certs/device-ca.pem', issued: 'certs/edge-001-primary.pem' },
  }),
  'certificate/is-ca': rule<InFile & { maySign: boolean }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The certificate says CA:TRUE, or may sign others (keyCertSign), and issued no other certificate of the fleet. `openssl req -x509` and `az iot edge devices create` make such certificates for devices. They work: the hub compares the thumbprint and the validity alone.',
    message: ({ path, maySign }) =>
      maySign
        ? `${path} may sign other certificates (keyCertSign), expected CA:FALSE for a device`
        : `${path} says CA:TRUE, expected CA:FALSE for a device`,
    remedy: () =>
      'If it is the device\'s own, issue the next one with -addext "basicConstraints=critical,CA:FALSE" -addext "extendedKeyUsage=clientAuth". If it is that of an authority, name the certificate that the authority issued.',
    example: { path: 'certs/edge-001-primary.pem', maySign: false },
  }),
  'certificate/no-digital-signature': rule<InFile & { usages: readonly string[] }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The key usage leaves out digitalSignature, although a device signs with this key to connect (RFC 8446, 4.4.2.2 and 4.4.3). A server that verifies the certificate refuses it (OpenSSL: unsuitable certificate purpose); the hub compares the thumbprint and is not known to. No key usage at all is fine.',
    message: ({ path, usages }) =>
      `the key usage of ${path} allows ${usages.length === 0 ? 'nothing' : `only ${usages.join(', ')}`}; expected digitalSignature`,
    remedy: () => 'Issue the next one with keyUsage=critical,digitalSignature.',
    example: { path: 'certs/edge-001-primary.pem', usages: ['keyEncipherment'] },
  }),
  'certificate/no-client-auth': rule<InFile & { usages: readonly string[] }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The extended key usage leaves out clientAuth, which TLS expects of a client. The hub compares the thumbprint and the validity of a device certificate and is not known to refuse it (https://github.com/Azure/iotedge/pull/621). None at all is fine.',
    message: ({ path, usages }) =>
      `${path} is only for ${usages.join(', ')}; expected clientAuth among its extended key usages`,
    remedy: () => 'Issue the next one with extendedKeyUsage=clientAuth.',
    example: { path: 'certs/edge-001-primary.pem', usages: ['serverAuth'] },
  }),
  'certificate/more-than-one': rule<InFile & { subjects: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'The file holds two certificates or more that are no authorities: two of one device, or those of two devices. The device sends the first of a file, and only one can be registered by it.',
    message: ({ path, subjects }) =>
      `${path} holds ${subjects.length} certificates of devices (${inOrder(subjects)}), expected one and the authorities that issued it`,
    remedy: () =>
      "Put each certificate into a file of its own; a device's two are named by certificates.primary and certificates.secondary.",
    example: { path: 'certs/edge-001.pem', subjects: ['CN=edge-001', 'CN=edge-001'] },
  }),
  'certificate/chain-broken': rule<InFile & BrokenChain>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      "A certificate of the file issued none of the others: an authority of the same name with another key, one of another chain, or one whose link to the device's certificate is missing. The device sends the chain as it is, and the hub compares the thumbprint alone; whoever verifies the chain refuses it. Bundles leave the certificate out.",
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
      'An authority in the file has ended, or its validity has not begun. The hub compares thumbprints and lets the device in all the same; whoever verifies the chain refuses it.',
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
      "The certificates of the file form a chain, but the device's own is not the first, or an authority stands before the certificate that it issued. The thumbprint is made from the device's own and the bundle has the right order, but the device takes the first of a file for its own.",
    message: ({ path, found, expected }) =>
      `${path} has the order ${inOrder(found)}; expected the device's own first, then the issuer of each: ${inOrder(expected)}`,
    remedy: () => 'Join them anew: cat device.pem intermediate.pem root.pem > chain.pem (the root may be left out).',
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
    about: 'A certificate stands in the file more than once. Bundles carry it once.',
    message: ({ path, subjects }) => `${path} holds a certificate more than once: ${inOrder(subjects)}`,
    remedy: () => 'Remove the repetition when you issue the next one.',
    example: { path: 'certs/edge-001-primary.pem', subjects: ['CN=Plant CA'] },
  }),
  'certificate/authority-left-out': rule<InFile & { issued?: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Among the files that `devices: {from: …}` matches, or that `new` finds in a folder, is the certificate of an authority: it has issued another of the files, or it may sign others and is not self-signed with an id as its common name. It makes no device.',
    message: ({ path, issued }) =>
      `${path} is the certificate of an authority${issued === undefined ? ' (it may sign others: keyCertSign)' : `, which issued ${issued}`}; it makes no device`,
    remedy: () =>
      "If it is an authority's, use a narrower glob, such as certs/edge-*.pem. If it is a device's, list the device in the manifest with its id and this file.",
    example: { path: 'certs/ca.pem', issued: 'certs/edge-001.pem' },
  }),
  'certificate/no-free-slot': rule<InFile & { id: string; taken: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'Among the files that make devices (by `devices: {from: …}`, or by `new`) are more certificates of one device than it has slots, or two for one slot.',
    message: ({ path, id, taken }) =>
      `${path} is one more certificate of device "${id}", which has ${taken.join(' and ')} already`,
    remedy: () =>
      'Move the one that the device no longer needs elsewhere, or tell them apart by name: …-primary.pem and …-secondary.pem.',
    example: {
      path: 'certs/old/edge-001-primary.pem',
      id: 'edge-001',
      taken: ['certs/edge-001-primary.pem', 'certs/edge-001-secondary.pem'],
    },
  }),
  'certificate/weak-key': rule<Held & { bits: number }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.4 to 1.6',
        when: 'first connection',
        source: openSslLevels,
      },
    ],
    adjustable: 'warning',
    about:
      'An RSA key of fewer than 2048 bits, of the certificate or of an authority in its file. OpenSSL at security level 2 refuses to use or to send such a certificate ("ee key too small", "ca key too small"), and every system that IoT Edge 1.4 and later run on has that level. So the device never connects.',
    message: (details) => `${holder(details)} has an RSA key of ${details.bits} bits, expected 2048 or more`,
    remedy: ({ authority }) => (authority === undefined ? newKey : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', bits: 1024 },
  }),
  'certificate/small-key': rule<Held & { bits: number; version: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'An RSA key of fewer than 2048 bits, for a runtime older than 1.4. It works on the older systems that such a runtime runs on (Ubuntu 18.04, Windows); OpenSSL on Debian 10, Ubuntu 20.04 and RHEL 8 and later refuses it.',
    message: (details) =>
      `${holder(details)} has an RSA key of ${details.bits} bits, which newer systems under IoT Edge ${details.version} refuse; expected 2048 or more`,
    remedy: ({ authority }) => (authority === undefined ? newKey : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', bits: 1024, version: '1.1' },
  }),
  'certificate/useless-key': rule<InFile & { exponent: string }>({
    severity: 'error',
    refusedBy: [secret],
    about:
      'An RSA key with the public exponent 1, with which everybody can sign as the device, or with an even one, for which there is no private key.',
    message: ({ path, exponent }) =>
      `${path} has an RSA key with the exponent ${exponent}, ${exponent === '1' ? 'with which everybody can sign as the device' : 'for which there is no private key'}; expected 65537`,
    remedy: () => newKey,
    example: { path: 'certs/edge-001-primary.pem', exponent: '1' },
  }),
  'certificate/weak-signature': rule<Held & { digest: WeakDigest }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.2 to 1.6',
        when: 'first connection',
        source: openSslLevels,
      },
    ],
    adjustable: 'warning',
    about:
      'The certificate, or an authority in its file, is signed with MD2, MD4, MD5, SHA-0 or SHA-1. OpenSSL 3, and 1.1.1 at security level 2, refuse to use such a certificate ("ca md too weak"), unless it is self-signed. Older systems use it.',
    message: (details) => `${holder(details)} is signed with ${details.digest}, expected SHA-256 or better`,
    remedy: ({ authority }) => (authority === undefined ? 'Issue it again with -sha256.' : otherAuthority),
    example: { path: 'certs/edge-001-primary.pem', digest: 'SHA-1' },
  }),
  'certificate/key-type-unsupported': rule<InFile & { key: UnsupportedKey }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: newVersions,
        when: 'start',
        // EcCurve has NistP256 alone ("key curve not recognized"), for files and for PKCS#11; the same from 1.2 to 1.6.
        source: identityService('1.5.0', 'key/aziot-keys/src/key_pair.rs'),
      },
      {
        who: 'runtime',
        versions: `${oldVersions} on Windows`,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/edgelet-http/src/windows.rs'),
      },
    ],
    adjustable: 'warning',
    about:
      'A kind of key that the runtime cannot use: an EC key of another curve than P-256 from 1.2 on, EC on Windows 1.1 (RSA only), or anything but RSA and EC. IoT Edge 1.0 and 1.1 on Linux hand the key to OpenSSL, which knows P-384 and P-521 too.',
    message: ({ path, key }) => {
      const { name, runtime, expected } = keyWords(key);
      return `${path} has ${name} key, which ${runtime} cannot use; expected ${expected}`;
    },
    remedy: ({ key }) =>
      `Issue the certificate again for ${keyWords(key).expected} key.${'only' in key && key.only === 'p256' ? ' Make one: openssl ecparam -name prime256v1 -genkey -noout -out device.key.pem.' : ''}`,
    example: { path: 'certs/edge-001-primary.pem', key: { curve: 'secp384r1', version: '1.6', only: 'p256' } },
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
    about: 'A 32-bit device counts seconds up to 2038-01-19T03:14:07Z; a later end breaks there.',
    message: ({ path, notAfter }) =>
      `${path} ends at ${notAfter}, after 2038-01-19, which 32-bit devices cannot count to`,
    remedy: () => 'If the device is 32-bit (arm32v7), issue it again with an end before 2038-01-19.',
    example: { path: 'certs/edge-001-primary.pem', notAfter: '2040-01-01T00:00:00Z' },
  }),
  'certificate/private-key-present': rule<InFile & { format: string }>({
    severity: 'error',
    refusedBy: [secret],
    about:
      'A private key lies in a certificate file or beside the manifest. Whoever reads the repository is the device.',
    message: ({ path, format }) => `${path} holds a private key (${format}); private keys stay on the device`,
    remedy: ({ path, format }) =>
      format === 'PKCS#12'
        ? `Take the certificate alone: ${pkcs12Command(path, '-clcerts -nokeys')} (without -clcerts with its chain; ${pkcs12Legacy}). Keep the bundle out of the repository; if it was ever committed, replace the key: it is known.`
        : `Keep it out of the repository. If it was ever committed, remove it from the history too (git rm ${shellWord(path)}, then git filter-repo) and replace the key: it is known.`,
    commandFiles: ({ path }) => [path, pemBeside(path)],
    example: { path: 'certs/edge-001.key.pem', format: 'PRIVATE KEY' },
  }),
  'certificate/shared-between-devices': rule<{ other: string; at: string; shared: Shared }>({
    severity: 'error',
    refusedBy: [cutOff],
    about: 'Two devices of the fleet share a certificate, a key or a thumbprint: each could act as the other.',
    message: ({ other, at, shared }) =>
      `${sharedText(shared)} is already that of device "${other}" (${at}); expected one of its own`,
    remedy: () => "Name this device's own certificate or thumbprint.",
    example: { other: 'edge-001', at: 'devices.yaml:12', shared: { thumbprint: 'primary' } },
  }),
  'certificate/same-key-twice': rule<{ same: 'key' | 'certificate' }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'Primary and secondary certificate hold the same key, so the second slot does not help when the key is lost or leaks.',
    message: ({ same }) =>
      `primary and secondary certificate ${same === 'key' ? 'hold the same public key' : 'are the same certificate'}, expected two different keys`,
    remedy: () => 'Make a key of its own for the second certificate.',
    example: { same: 'key' },
  }),
};

const otherAuthority =
  'Take the authority out of the file: the hub compares the thumbprint of the device alone. Or issue the certificate anew under another authority.';

function holder({ path, authority }: Held): string {
  return authority === undefined ? path : `${path}: the authority "${authority}" in it`;
}

const newKey =
  'Make a new key: openssl genrsa -out device.key.pem 2048, or an EC key: openssl ecparam -name prime256v1 -genkey -noout -out device.key.pem.';

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

function keyWords(key: UnsupportedKey): { readonly name: string; readonly runtime: string; readonly expected: string } {
  if ('curve' in key) {
    const name = `an EC (${key.curve})`;
    return key.only === 'rsa'
      ? { name, runtime: `IoT Edge ${key.version} on Windows`, expected: 'an RSA' }
      : { name, runtime: `IoT Edge ${key.version}`, expected: 'an EC (prime256v1, which is P-256) or RSA' };
  }
  const article = /^[AERXu]/.test(key.algorithm) ? 'an' : 'a';
  return { name: `${article} ${key.algorithm}`, runtime: 'IoT Edge', expected: 'an RSA or EC' };
}

function sharedText(shared: Shared): string {
  if ('certificate' in shared) return `the certificate ${shared.certificate}`;
  return 'keyOf' in shared ? `the public key of ${shared.keyOf}` : `the ${shared.thumbprint} thumbprint`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

function inOrder(subjects: readonly string[]): string {
  return subjects.map((subject) => `"${subject}"`).join(', ');
}
