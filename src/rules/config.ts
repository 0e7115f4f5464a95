import { rule } from './rule.ts';

export const configRules = {
  'config/uri': rule<{ key: string; value: string; problem: string; expected: string }>({
    severity: 'error',
    about:
      'The place of the certificate or key on the device is not a file: URI or an absolute path. The runtime would stop at start: https://github.com/Azure/iotedge/issues/4336.',
    message: ({ key, value, problem }) => `${key}: ${JSON.stringify(value)} ${problem}`,
    remedy: ({ expected }) => `Write ${expected}.`,
    example: {
      key: 'identity.certificate',
      value: 'certs/edge.pem',
      problem: 'is a relative path',
      expected: 'file:///var/lib/iotedge/identity/edge-001.pem',
    },
  }),
  'config/hostname': rule<{ hostname: string; problem: string; implied: boolean }>({
    severity: 'error',
    about:
      'The host name is not one that `iotedge check` accepts (RFC 1035: at most 64 characters, labels of at most 63 that begin with a letter and end with a letter or digit).',
    message: ({ hostname, problem, implied }) =>
      `${implied ? 'the host name made from the device id' : 'config.hostname'}, "${hostname}", ${problem}`,
    remedy: ({ implied }) =>
      implied ? 'Set config.hostname to the name of the machine.' : 'Give the name that the machine has (hostname).',
    example: {
      hostname: '7-edge',
      problem: 'has the label "7-edge", which does not begin with a letter',
      implied: true,
    },
  }),
  'config/unsupported-by-version': rule<{ what: string; version: string; remedy: string }>({
    severity: 'error',
    about:
      'The manifest asks for something that this version of IoT Edge does not know, or that this release cannot render for it.',
    message: ({ what, version }) => `${what} (runtime ${version})`,
    remedy: ({ remedy }) => remedy,
    example: { what: 'parent: nested edge begins with IoT Edge 1.2', version: '1.1', remedy: 'Remove parent.' },
  }),
  'config/secret-in-manifest': rule<{ key: string; what: string }>({
    severity: 'error',
    about:
      'A secret stands in the manifest: everyone who reads the repository, and every artifact made from it, has it.',
    message: ({ key, what }) => `${key} holds ${what}`,
    remedy: () =>
      'Remove it and renew it: it is known now. Set such values on the device, or in the deployment of its modules.',
    example: { key: 'config.agent.env.UpstreamKey', what: 'a shared access key' },
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
