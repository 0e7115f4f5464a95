import { baseRules } from './base.ts';
import { createOptionsRules } from './create-options.ts';
import { hostnameRules } from './hostname.ts';
import { pkcs11Rules } from './pkcs11.ts';
import { refusedValueRules } from './refused-value.ts';
import { rule } from './rule.ts';
import { identityService, iotedge, newVersions, nobody, oldVersions, secret } from './sources.ts';
import { unsupportedRules } from './unsupported.ts';
import { uriRules } from './uri.ts';

/** What kind of secret a value is. */
export type SecretKind = keyof typeof secrets;

const secrets = {
  'private-key': 'a private key',
  'shared-access-key': 'a shared access key',
  'storage-account-key': 'a storage account key',
  'shared-access-signature': 'a shared access signature',
  'symmetric-key': 'a symmetric key',
  'module-pin': 'the PIN of a security module',
  'password-in-address': 'a password in an address',
  password: 'a password',
  'by-name': 'a value whose name says that it is a secret',
} as const;

/** Why an address cannot be that of a proxy. */
export type ProxyProblem = keyof typeof proxyProblems | { readonly scheme: string };

const proxyProblems = {
  'no-scheme': 'has no scheme, expected http:// before the host',
  invalid: 'is not a valid address',
  'user-name': 'has a user name, which the runtime could not go with alone',
  'more-than-host': 'has something behind the host and its port, expected nothing',
  characters: 'has characters that no host has',
} as const;

function proxyText(problem: ProxyProblem): string {
  return typeof problem === 'string' ? proxyProblems[problem] : `has the scheme "${problem.scheme}:", expected "http:"`;
}

export const configRules = {
  ...uriRules,
  ...hostnameRules,
  ...unsupportedRules,
  ...baseRules,
  ...createOptionsRules,
  ...pkcs11Rules,
  ...refusedValueRules,
  'config/secret-in-manifest': rule<{ key: string; what: SecretKind }>({
    severity: 'error',
    refusedBy: [secret],
    about: 'The manifest contains a secret. Everybody who can read the repository or its artifacts has it.',
    message: ({ key, what }) => `${key} holds ${secrets[what]}`,
    remedy: () =>
      'Remove it and renew it, because others may have it. Set such values on the device, or in the deployment of its modules.',
    example: { key: 'config.agent.env.UpstreamKey', what: 'shared-access-key' },
  }),
  'config/proxy': rule<{ problem: ProxyProblem }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/iotedged/src/lib.rs'),
      },
      {
        who: 'runtime',
        versions: newVersions,
        when: 'start',
        source: identityService('1.5.0', 'http-common/src/proxy.rs'),
      },
    ],
    about:
      'The address of the proxy must be http:// or https:// with a host and perhaps a port, and nothing else. Otherwise the runtime and its agent cannot connect.',
    message: ({ problem }) => `config.proxy.https ${proxyText(problem)}`,
    remedy: () => 'Write the address alone, such as http://proxy.plant.example:3128.',
    example: { problem: 'no-scheme' },
  }),
  'config/placeholder': rule<{ key: string; placeholder: string }>({
    severity: 'error',
    refusedBy: [secret],
    about:
      'A value contains the placeholder of a secret. On the device, the installer fills it in only as the password of the registry and as the PIN of the security module.',
    message: ({ key, placeholder }) =>
      `${key} holds ${placeholder}, which stands for a secret and would not be filled in there`,
    remedy: () => 'Remove it. Give secrets to modules in their deployment, or in files on the device.',
    example: { key: 'config.agent.env.PULL', placeholder: `\${IOTEDGE_REGISTRY_PASSWORD}` },
  }),
  'config/path-needs-encoding': rule<{ key: string; path: string }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'iotedge check',
        says: 'error',
        source: identityService('1.5.0', 'aziotctl/src/internal/check/checks/certs_preloaded.rs'),
      },
    ],
    adjustable: 'off',
    about:
      'The path of a certificate has characters that a URI percent-encodes. The runtime decodes them. `iotedge check` of 1.2 and later does not, and reports the file as missing.',
    message: ({ key, path }) =>
      `${key}: ${path} has characters that must be percent-encoded; iotedge check will not find the file`,
    remedy: () => 'Use a path with only letters, digits, "-", "_", "." and "/".',
    example: { key: 'identity.certificate', path: '/var/aziot/certs/edge#1.pem' },
  }),
  'runtime/out-of-support': rule<{ version: string; since: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'Microsoft no longer supports this version of IoT Edge. Its configuration is rendered anyway.',
    message: ({ version, since }) => `IoT Edge ${version} is out of support since ${since}`,
    remedy: () =>
      'Plan the move to the current long-term version: https://learn.microsoft.com/azure/iot-edge/version-history.',
    example: { version: '1.1', since: '2022-12-13' },
  }),
};
