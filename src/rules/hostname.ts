import { rule } from './rule.ts';
import { cutOff, identityService, iotedge, oldVersions } from './sources.ts';

/** Why `iotedge check` warns of a host name, with which devices run. A label is a part between two dots. */
export type HostnameProblem =
  | { readonly kind: 'empty-label' | 'address' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'label'; readonly label: string; readonly problem: LabelProblem };

export type LabelProblem =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'character'; readonly character: string };

/** Why no device can have a host name, or no gateway can be reached by it. */
export type UnusableHostname = { readonly kind: 'empty' } | { readonly kind: 'length'; readonly length: number };

function hostnameText(problem: HostnameProblem | UnusableHostname): string {
  switch (problem.kind) {
    case 'empty':
      return 'is empty';
    case 'empty-label':
      return 'has an empty label (two dots, or one at an end)';
    case 'address':
      return 'is an address, expected a name';
    case 'length':
      return `has ${problem.length} bytes, expected at most 64`;
    case 'label':
      return `has the label "${problem.label}", which ${labelText(problem.problem)}`;
  }
}

function labelText(problem: LabelProblem): string {
  switch (problem.kind) {
    case 'begin':
      return 'does not begin with a letter';
    case 'end':
      return 'does not end with a letter or a digit';
    case 'length':
      return `has ${problem.length} bytes, expected at most 63`;
    case 'character':
      return `has the character ${JSON.stringify(problem.character)}, expected letters, digits and -`;
  }
}

export const hostnameRules = {
  'config/hostname': rule<{ key: string; hostname: string; problem: HostnameProblem }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'iotedge check',
        says: 'warning',
        source: iotedge('1.1.15', 'edgelet/iotedge/src/check/checks/hostname.rs'),
      },
      {
        who: 'iotedge check',
        says: 'warning',
        source: identityService('1.5.0', 'aziotctl/src/internal/check/checks/hostname.rs'),
      },
    ],
    adjustable: 'off',
    about:
      'The host name of the device or of its parent is not as RFC 1035 wants it: labels of at most 63 characters that begin with a letter and end with a letter or digit, at most 64 in all. Up to 1.1 it is an address. The device runs, and `iotedge check` warns. Some clients, such as the SDK for C#, do not connect to such a name. For a name of more than 64 characters edgeHub gets no certificate.',
    message: ({ key, hostname, problem }) => `${key}, "${hostname}", ${hostnameText(problem)}`,
    remedy: ({ key }) =>
      `If that is the name of the machine, keep it: another one is an error of iotedge check. Rename the machine, then ${key}, only if devices or modules cannot connect to it.`,
    example: {
      key: 'config.hostname',
      hostname: 'plc_12',
      problem: { kind: 'label', label: 'plc_12', problem: { kind: 'character', character: '_' } },
    },
  }),
  'config/hostname-unusable': rule<{ key: string; hostname: string; problem: UnusableHostname }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        // cert_set_subject_field: the name is the common name of a certificate, for which OpenSSL takes at most 64 bytes.
        source: iotedge('1.1.15', 'edgelet/hsm-sys/azure-iot-hsm-c/src/edge_pki_openssl.c'),
      },
      {
        who: 'iotedge check',
        says: 'error',
        source: iotedge('1.5.0', 'edgelet/iotedge/src/check/checks/parent_hostname.rs'),
      },
    ],
    adjustable: 'warning',
    about:
      "The host name is empty, or longer than the 64 bytes of a common name. Up to 1.1, the runtime cannot create the device's certificate for it. A gateway can never have a certificate for it.",
    message: ({ key, hostname, problem }) => `${key}, "${hostname}", ${hostnameText(problem)}`,
    remedy: ({ key, problem }) =>
      problem.kind === 'empty'
        ? `Write a name, or remove ${key}.`
        : `Give the machine a name of at most 64 bytes, and ${key} the same one.`,
    example: { key: 'config.hostname', hostname: '', problem: { kind: 'empty' } },
  }),
  'config/no-parent-hostname': rule<{ parent: string; declaredAt: string }>({
    severity: 'error',
    refusedBy: [cutOff],
    adjustable: 'warning',
    about:
      'A device connects through a parent whose host name is not in the manifest. Without parent_hostname, the device calls the hub directly. Behind its gateway it never starts.',
    message: ({ parent, declaredAt }) =>
      `its parent "${parent}" (${declaredAt}) has no config.hostname, and this device no config.parentHostname`,
    remedy: ({ parent, declaredAt }) =>
      `Set config.parentHostname to the name that "${parent}" has (on it: sudo grep ^hostname /etc/aziot/identityd/config.d/00-super.toml), or set config.hostname of "${parent}" at ${declaredAt} to that name.`,
    example: { parent: 'gateway-01', declaredAt: 'devices.yaml:12' },
  }),
};
