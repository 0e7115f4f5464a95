import { rule } from './rule.ts';
import { cutOff, nobody, secret } from './sources.ts';

interface InFile {
  readonly path: string;
}

/** What a certificate may be used for. */
export const usageRules = {
  'certificate/signing-key': rule<InFile & { issued: string }>({
    severity: 'error',
    refusedBy: [secret],
    adjustable: 'warning',
    about:
      'The file has the certificate of an authority that issued another certificate of the fleet. Its key would then be on a device. Registering the device CA is a common mistake: https://github.com/Azure/iotedge/issues/3260.',
    message: ({ path, issued }) =>
      `${path} is the certificate of the authority that issued ${issued}, expected the device's own identity certificate`,
    remedy: () => 'Name the leaf certificate, with CA:FALSE and clientAuth. In a chain file the leaf comes first.',
    example: { path: 'certs/device-ca.pem', issued: 'certs/edge-001-primary.pem' },
  }),
  'certificate/is-ca': rule<InFile & { maySign: boolean }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The certificate has CA:TRUE or keyCertSign, but issued no other certificate of the fleet. `openssl req -x509` and `az iot edge devices create` create such device certificates. They work, because the hub compares only thumbprint and validity.',
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
      'The key usage has no digitalSignature, but a device signs with this key when it connects (RFC 8446, 4.4.2.2 and 4.4.3). A server that verifies the certificate refuses it (OpenSSL: unsuitable certificate purpose). The hub compares the thumbprint and is not known to check it. A certificate without any key usage is fine.',
    message: ({ path, usages }) =>
      `the key usage of ${path} allows ${usages.length === 0 ? 'nothing' : `only ${usages.join(', ')}`}; expected digitalSignature`,
    remedy: () => 'Issue the next one with keyUsage=critical,digitalSignature.',
    example: { path: 'certs/edge-001-primary.pem', usages: ['keyEncipherment'] },
  }),
  'certificate/signs-nothing': rule<InFile & { usages: readonly string[] }>({
    severity: 'error',
    refusedBy: [cutOff],
    adjustable: 'warning',
    about:
      'The critical key usage does not allow the key to sign. A device signs with its key when it connects (RFC 8446, 4.4.2.2; RFC 5246, 7.4.8). It is not documented whether the hub checks the key usage. A server that checks it refuses the device.',
    message: ({ path, usages }) =>
      `the critical key usage of ${path} allows ${usages.length === 0 ? 'nothing' : `only ${usages.join(', ')}`}, and a device has to sign; expected digitalSignature`,
    remedy: () => 'Issue it again with keyUsage=critical,digitalSignature.',
    example: { path: 'certs/edge-001-primary.pem', usages: ['keyEncipherment'] },
  }),
  'certificate/no-client-auth': rule<InFile & { usages: readonly string[] }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The extended key usage has no clientAuth, which TLS expects of a client. The hub compares the thumbprint and the validity of a device certificate and is not known to refuse it (https://github.com/Azure/iotedge/pull/621). A certificate without any extended key usage is fine.',
    message: ({ path, usages }) =>
      `${path} is only for ${usages.join(', ')}; expected clientAuth among its extended key usages`,
    remedy: () => 'Issue the next one with extendedKeyUsage=clientAuth.',
    example: { path: 'certs/edge-001-primary.pem', usages: ['serverAuth'] },
  }),
};
