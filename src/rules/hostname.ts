import { rule } from './rule.ts';
import { iotedge, oldVersions } from './sources.ts';

/** What `iotedge check` would say against a host name. A label is a part between two dots. */
export type HostnameProblem =
  | { readonly kind: 'empty' | 'empty-label' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'label'; readonly label: string; readonly problem: LabelProblem };

export type LabelProblem =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'character'; readonly character: string };

export function hostnameText(problem: HostnameProblem): string {
  switch (problem.kind) {
    case 'empty':
      return 'is empty';
    case 'empty-label':
      return 'has an empty label (two dots, or one at an end)';
    case 'length':
      return `has ${problem.length} characters, expected at most 64`;
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
      return `has ${problem.length} characters, expected at most 63`;
    case 'character':
      return `has the character ${JSON.stringify(problem.character)}, expected letters, digits and -`;
  }
}

export const hostnameRules = {
  'config/hostname': rule<{ key: string; hostname: string; problem: HostnameProblem; implied: boolean }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/hsm-sys/azure-iot-hsm-c/src/hsm_certificate_props.c'),
      },
      {
        who: 'iotedge check',
        says: 'warning',
        source: iotedge('1.1.15', 'edgelet/iotedge/src/check/checks/hostname.rs'),
      },
    ],
    about:
      'The host name of the device or of its parent is not one that `iotedge check` accepts (RFC 1035: at most 64 characters, labels of at most 63 that begin with a letter and end with a letter or digit; from 1.2 on also an IP address).',
    message: ({ key, hostname, problem, implied }) =>
      `${implied ? 'the host name made from the device id' : key}, "${hostname}", ${hostnameText(problem)}`,
    remedy: ({ key, implied }) =>
      implied
        ? 'Set config.hostname to the name of the machine.'
        : `Give ${key} the name that the machine has (hostname).`,
    example: {
      key: 'config.hostname',
      hostname: '7-edge',
      problem: { kind: 'label', label: '7-edge', problem: { kind: 'begin' } },
      implied: true,
    },
  }),
};
