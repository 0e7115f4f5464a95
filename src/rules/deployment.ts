import type { Unread } from '../model/workspace.ts';
import { placeholderOfImage } from './deployment-words.ts';
import { rule } from './rule.ts';
import { iotedge, manifest, newVersions, nobody, workflow } from './sources.ts';

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
    remedy: () => 'Correct the input deployments (paths and globs, one per line, relative to the repository).',
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
  'deployment/lenient-json': rule<{ said: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A file is JSON only to the reader of edgeAgent: it has single quotes, names without quotes, or numbers such as 007. Other tools refuse it before it comes to a hub.',
    message: ({ said }) => `not JSON (${asWords(said)}): edgeAgent could read it, but no tool sends it to a hub`,
    remedy: () => 'Write names and texts in double quotes, and numbers as JSON has them.',
    example: { said: 'InvalidSymbol' },
  }),
  'deployment/not-strict-json': rule<{ what: 'comment' | 'trailing-comma'; count: number }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A file has comments, or a comma before a closing bracket. The Azure CLI refuses it; other tools read it.',
    message: ({ what, count }) =>
      what === 'comment'
        ? `the file has ${count === 1 ? 'a comment' : `${count} comments`}, for which the Azure CLI refuses it`
        : `the file has ${count === 1 ? 'a comma' : `${count} commas`} before a closing bracket, for which the Azure CLI refuses it`,
    remedy: ({ what }) =>
      what === 'comment'
        ? 'Write comments as "_comment": "…", or remove them before you apply the file.'
        : 'Remove the comma.',
    example: { what: 'comment', count: 2 },
  }),
  'deployment/placeholder': rule<{ key: string; placeholder: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: newVersions,
        when: 'deployment',
        source: iotedge('1.5.44', 'edge-agent/src/Microsoft.Azure.Devices.Edge.Agent.Docker/DockerConfig.cs'),
      },
      workflow,
    ],
    adjustable: 'warning',
    about:
      'With `deployments-applied: true` a file still has a placeholder: the tool that fills them in did not run, or did not know this one.',
    message: ({ key, placeholder }) => `${key}: the placeholder ${JSON.stringify(placeholder)} is left over`,
    remedy: () =>
      'Give the placeholder a value where the file is made; if the file is a template, leave deployments-applied out.',
    example: { key: 'modules.sensor.settings.image', placeholder: placeholderOfImage },
  }),
  'deployment/version-assumed': rule<{ runtime: string; files: number }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The tags of edgeAgent and edgeHub name no version of IoT Edge, so that the current long-term version judges.',
    message: ({ runtime, files }) =>
      `${files === 1 ? 'this deployment names' : `${files} deployments name`} no version of IoT Edge in the tags of edgeAgent and edgeHub, and ${files === 1 ? 'is' : 'are'} judged as ${runtime} would`,
    remedy: () => 'Set runtime to the IoT Edge of the devices, such as 1.4, or tag the images with it.',
    example: { runtime: '1.5', files: 3 },
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
