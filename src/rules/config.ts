import { baseRules } from './base.ts';
import { rule } from './rule.ts';
import { unsupportedRules } from './unsupported.ts';

export const configRules = {
  'config/uri': rule<{ key: string; value: string; problem: string; expected: string }>({
    severity: 'error',
    about:
      'The place of the certificate or key on the device is not a file: URI or an absolute path, so that the runtime would stop at start (https://github.com/Azure/iotedge/issues/4336), or is that of another file.',
    message: ({ key, value, problem }) => `${key}: ${JSON.stringify(value)} ${problem}`,
    remedy: ({ expected }) => `Write ${expected}.`,
    example: {
      key: 'identity.certificate',
      value: 'certs/edge.pem',
      problem: 'is a relative path',
      expected: 'file:///var/lib/iotedge/identity/edge-001.pem',
    },
  }),
  'config/hostname': rule<{ key: string; hostname: string; problem: string; implied: boolean }>({
    severity: 'error',
    about:
      'The host name of the device or of its parent is not one that `iotedge check` accepts (RFC 1035: at most 64 characters, labels of at most 63 that begin with a letter and end with a letter or digit; from 1.2 on also an IP address).',
    message: ({ key, hostname, problem, implied }) =>
      `${implied ? 'the host name made from the device id' : key}, "${hostname}", ${problem}`,
    remedy: ({ key, implied }) =>
      implied
        ? 'Set config.hostname to the name of the machine.'
        : `Give ${key} the name that the machine has (hostname).`,
    example: {
      key: 'config.hostname',
      hostname: '7-edge',
      problem: 'has the label "7-edge", which does not begin with a letter',
      implied: true,
    },
  }),
  ...unsupportedRules,
  ...baseRules,
  'config/secret-in-manifest': rule<{ key: string; what: string }>({
    severity: 'error',
    about:
      'A secret stands in the manifest: everyone who reads the repository, and every artifact made from it, has it.',
    message: ({ key, what }) => `${key} holds ${what}`,
    remedy: () =>
      'Remove it and renew it: it is known now. Set such values on the device, or in the deployment of its modules.',
    example: { key: 'config.agent.env.UpstreamKey', what: 'a shared access key' },
  }),
  'config/pkcs11': rule<{ problem: string; remedy: string }>({
    severity: 'error',
    about:
      'A private key in a security module (PKCS#11) that the runtime could not reach: no library is named, or a PIN has no key.',
    message: ({ problem }) => problem,
    remedy: ({ remedy }) => remedy,
    example: {
      problem: 'identity.privateKey is in a security module, and config.pkcs11.library does not say how it is reached',
      remedy: 'Set config.pkcs11.library.',
    },
  }),
  'config/proxy': rule<{ problem: string }>({
    severity: 'error',
    about:
      'The address of the proxy is not http:// or https:// with a host, a port if need be, and nothing else. The runtime and its agent would reach nobody.',
    message: ({ problem }) => `config.proxy.https ${problem}`,
    remedy: () => 'Write the address alone, such as http://proxy.plant.example:3128.',
    example: { problem: 'has no scheme, expected http:// before the host' },
  }),
  'config/placeholder': rule<{ key: string; placeholder: string }>({
    severity: 'error',
    about:
      'A value holds the text that stands in the bundle for a secret of this device. On the device it is filled in as the password of the registry and as the PIN of the security module, and nowhere else.',
    message: ({ key, placeholder }) =>
      `${key} holds ${placeholder}, which stands for a secret and would not be filled in there`,
    remedy: () => 'Take it out: modules get their secrets by their deployment, or from files on the device.',
    example: { key: 'config.agent.env.PULL', placeholder: `\${IOTEDGE_REGISTRY_PASSWORD}` },
  }),
  'config/path-needs-encoding': rule<{ key: string; path: string }>({
    severity: 'warning',
    about:
      'A path with characters that stand percent-encoded in a URI. The runtime decodes them; `iotedge check` does not and will call the file missing.',
    message: ({ key, path }) =>
      `${key}: ${path} has characters that must be percent-encoded; iotedge check will not find the file`,
    remedy: () => 'Choose a place with letters, digits, "-", "_", "." and "/" alone.',
    example: { key: 'identity.certificate', path: '/var/lib/iotedge/identity/edge#1.pem' },
  }),
  'runtime/out-of-support': rule<{ version: string; since: string }>({
    severity: 'notice',
    about: 'Microsoft no longer supports this version of IoT Edge. It is rendered all the same.',
    message: ({ version, since }) => `IoT Edge ${version} is out of support since ${since}`,
    remedy: () =>
      'Plan the move to the current long-term version: https://learn.microsoft.com/azure/iot-edge/version-history.',
    example: { version: '1.1', since: '2022-12-13' },
  }),
};
