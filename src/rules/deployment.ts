import type { Unread } from '../model/workspace.ts';
import { rule } from './rule.ts';
import { iotedge, manifest } from './sources.ts';

/** Why a deployment file is not judged. */
export type DeploymentSyntax =
  /** `detail`: the words of the workspace. */
  | { readonly kind: 'unread'; readonly why: Unread; readonly detail: string }
  | { readonly kind: 'not-utf8' | 'empty' }
  /** `code`: the parser's name for the error, such as `CommaExpected`. */
  | { readonly kind: 'json'; readonly code: string }
  | { readonly kind: 'too-deep'; readonly levels: number }
  | { readonly kind: 'too-many'; readonly most: number };

export type NotADeployment = 'not-a-map' | 'device-configuration' | 'module-configuration' | 'unknown';

export const deploymentRules = {
  'deployment/syntax': rule<DeploymentSyntax>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'A deployment file cannot be read: it is no JSON, too large or nested too deeply.',
    message: syntaxText,
    remedy: syntaxRemedy,
    example: { kind: 'json', code: 'CommaExpected' },
  }),
  'deployment/none': rule<{ pattern: string }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The input `deployments` names files that are not there, so nothing was checked.',
    message: ({ pattern }) => `no deployment found at ${pattern}`,
    remedy: () => 'Correct the input deployments (paths and globs, one a line, relative to the repository).',
    example: { pattern: 'deployments/*.json' },
  }),
  'deployment/unknown-form': rule<{ why: NotADeployment }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'A file that the input `deployments` names holds no IoT Edge deployment.',
    message: ({ why }) => notADeployment[why],
    remedy: ({ why }) => notADeploymentRemedy[why],
    example: { why: 'unknown' },
  }),
  'deployment/schema-version': rule<{ module: '$edgeAgent' | '$edgeHub'; found: string; expected: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.0.10 to 1.6',
        when: 'deployment',
        source: iotedge('1.5.44', 'edge-agent/src/Microsoft.Azure.Devices.Edge.Agent.IoTHub/EdgeAgentConnection.cs'),
      },
    ],
    adjustable: 'warning',
    about: 'The version of the deployment schema is missing, or is one that the runtime does not take.',
    message: ({ module, found, expected }) =>
      `schemaVersion of ${module}: expected ${expected}, found ${found}; the device refuses the deployment at once and keeps the one before`,
    remedy: ({ expected }) => `Write "schemaVersion": ${expected}.`,
    example: { module: '$edgeAgent', found: '"1.4"', expected: '"1.1"' },
  }),
};

function syntaxText(fault: DeploymentSyntax): string {
  switch (fault.kind) {
    case 'unread':
      return `the deployment cannot be read: ${fault.detail}`;
    case 'not-utf8':
      return 'the deployment is not text in UTF-8';
    case 'empty':
      return 'the file is empty, expected a deployment';
    case 'json':
      return `not JSON: ${asWords(fault.code)}`;
    case 'too-deep':
      return `nested deeper than ${fault.levels} levels, expected a deployment`;
    case 'too-many':
      return `more than ${fault.most} keys, values and signs, expected a deployment`;
  }
}

function syntaxRemedy(fault: DeploymentSyntax): string {
  switch (fault.kind) {
    case 'unread':
      return unreadRemedies[fault.why];
    case 'not-utf8':
      return 'Save it as UTF-8.';
    case 'empty':
      return 'Write the deployment into it, or leave the file out of the input deployments.';
    case 'json':
      return 'Correct the line, or the one before it.';
    default:
      return 'Leave the file out of the input deployments if it is no deployment.';
  }
}

const unreadRemedies = {
  missing: 'Correct the path of the deployment.',
  outside: 'Keep the deployment in the repository, and name it by a path inside.',
  'too-large': 'Leave the file out: a hub takes no deployment of this size.',
  unreadable: 'Name a file that can be read.',
} as const;

const notADeployment: Readonly<Record<NotADeployment, string>> = {
  'not-a-map': 'the file holds no JSON object, expected a deployment',
  'device-configuration':
    'this is a configuration for devices (deviceContent), expected one for IoT Edge (modulesContent)',
  'module-configuration':
    'this is a configuration for one module (moduleContent without $edgeAgent), expected a deployment (modulesContent)',
  unknown: 'the file has neither modulesContent nor $edgeAgent, expected a deployment',
};

const leaveOut = 'leave the file out of the input deployments';
const notADeploymentRemedy: Readonly<Record<NotADeployment, string>> = {
  'not-a-map': `Write {"modulesContent": {"$edgeAgent": …}}, or ${leaveOut}.`,
  'device-configuration': `Nothing is wrong with it: ${leaveOut}.`,
  'module-configuration': `Nothing is wrong with it: ${leaveOut}.`,
  unknown: `Write {"modulesContent": {"$edgeAgent": …}}, or ${leaveOut}.`,
};

/** `CommaExpected` → `comma expected`. */
function asWords(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}
