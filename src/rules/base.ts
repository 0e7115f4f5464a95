import { foreignFormRemedy, foreignFormText, slashRemedy } from './foreign-form.ts';
import { type HostnameProblem, hostnameText } from './hostname.ts';
import { rule } from './rule.ts';

/** What is wrong with the file that config.base names. */
export type BaseProblem =
  /** `detail` is what reading said: `it does not exist`. */
  | {
      readonly kind: 'unreadable';
      readonly why: 'missing' | 'outside' | 'too-large' | 'unreadable';
      readonly detail: string;
    }
  | { readonly kind: 'not-utf-8' }
  | { readonly kind: 'lfs-pointer' }
  | { readonly kind: 'utf-16' }
  /** What the YAML parser says. */
  | { readonly kind: 'syntax'; readonly message: string }
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'carriage-return' }
  | { readonly kind: 'tab' }
  | { readonly kind: 'second-document' }
  | { readonly kind: 'no-settings' }
  | { readonly kind: 'no-map' }
  | { readonly kind: 'provisioning-indented' }
  | { readonly kind: 'key-indented'; readonly key: string }
  | { readonly kind: 'key-twice'; readonly key: string }
  | { readonly kind: 'key-case'; readonly key: string; readonly expected: string }
  | { readonly kind: 'key-without-colon' }
  | { readonly kind: 'alias'; readonly name: string }
  /** `setting` is a path: `agent.env`. */
  | { readonly kind: 'no-section'; readonly setting: string }
  | { readonly kind: 'provisioning-empty' }
  | { readonly kind: 'two-authentications' }
  | { readonly kind: 'dynamic-reprovisioning' }
  /** The setting is missing, or it is no text. `usual` is the value in the package for `platform`. */
  | {
      readonly kind: 'lacks';
      readonly setting: string;
      readonly found: 'nothing' | 'no-text';
      readonly usual: string;
      readonly platform: string;
    }
  | { readonly kind: 'hostname'; readonly problem: BaseHostnameProblem }
  | {
      readonly kind: 'address';
      readonly name: AddressName;
      readonly side: 'connect' | 'listen';
      readonly value: string;
      readonly problem: AddressProblem;
      /** The values in the package for `platform`. */
      readonly usual: { readonly connect: string; readonly listen: string };
      readonly platform: string;
    };

export type AddressName = 'management_uri' | 'workload_uri';

export type BaseHostnameProblem =
  | { readonly kind: 'missing' }
  | { readonly kind: 'no-text' }
  | { readonly kind: 'placeholder'; readonly text: string }
  | { readonly kind: 'invalid'; readonly hostname: string; readonly problem: HostnameProblem };

export type AddressProblem =
  | { readonly kind: 'scheme'; readonly expected: readonly string[] }
  | { readonly kind: 'systemd-socket' | 'relative' | 'windows-path' | 'linux-path' }
  /** `connect` is the address that modules use. */
  | { readonly kind: 'mismatch'; readonly connect: string };

interface Words {
  readonly what: string;
  readonly remedy?: string;
}

function wordsOf(problem: BaseProblem): Words {
  switch (problem.kind) {
    case 'unreadable':
      return { what: `it cannot be read: ${problem.detail}`, remedy: remediesOfReading[problem.why] };
    case 'not-utf-8':
      return { what: 'it is not text in UTF-8', remedy: 'Save it as UTF-8: the runtime reads nothing else.' };
    case 'lfs-pointer':
    case 'utf-16':
      return { what: foreignFormText[problem.kind], remedy: foreignFormRemedy[problem.kind] };
    case 'syntax':
      return { what: `it is no YAML: ${problem.message}` };
    case 'too-deep':
      return { what: 'it is nested too deeply' };
    case 'carriage-return':
      return {
        what: 'a carriage return that is not followed by a line feed',
        remedy: 'Save the file with the line ends of Unix or Windows.',
      };
    case 'tab':
      return { what: 'a tab in the indentation', remedy: 'Indent by spaces, two a level.' };
    case 'second-document':
      return {
        what: 'a second document begins here ("---"); the runtime takes a file of one',
        remedy: 'Keep one document.',
      };
    case 'no-settings':
      return { what: 'it has no settings', remedy: oneSettingALine };
    case 'no-map':
      return { what: 'it is no list of settings', remedy: oneSettingALine };
    case 'provisioning-indented':
      return {
        what: '"provisioning:" does not begin its line; the runtime would take it for a part of something else',
        remedy: 'Remove the spaces and tabs before it (https://github.com/Azure/iotedge/issues/5928).',
      };
    case 'key-indented':
      return { what: `"${problem.key}:" does not begin its line` };
    case 'key-twice':
      return {
        what: `${problem.key} stands here a second time; the runtime would take the last one in silence`,
        remedy: 'Remove one of them, or put "# " before its lines.',
      };
    case 'key-case':
      return { what: `"${problem.key}": expected "${problem.expected}"` };
    case 'key-without-colon':
      return { what: 'a key without a colon behind it', remedy: 'Write "key: value".' };
    case 'alias':
      return {
        what: `the alias *${problem.name} repeats a value from another place, which may be about to change`,
        remedy: 'Write the value itself.',
      };
    case 'no-section':
      return { what: `${problem.setting}: expected settings of its own, indented by two spaces` };
    case 'provisioning-empty':
      return {
        what: 'provisioning: expected settings of its own',
        remedy: 'Indent its settings by two spaces, or put "# " before the line.',
      };
    case 'two-authentications':
      return {
        what: 'provisioning has both device_connection_string and authentication; the runtime refuses them together',
        remedy: 'Put "# " before the lines of one of them.',
      };
    case 'dynamic-reprovisioning':
      return { what: 'dynamic_reprovisioning: expected true or false, without quotes' };
    case 'lacks': {
      const { setting, usual, platform } = problem;
      const found = problem.found === 'nothing' ? 'is missing' : 'is no text in quotes';
      return {
        what: `${setting} ${found}; the runtime would take a value of its own`,
        remedy: `Write ${setting}: ${JSON.stringify(usual)}, as the package for ${platform} has it, or your own.`,
      };
    }
    case 'hostname':
      return {
        what: wordsOfHostname(problem.problem),
        remedy:
          'Set config.hostname in the manifest (in defaults, {id} stands for the device), or write the name of the machine here.',
      };
    case 'address': {
      const { name, side, value, usual, platform } = problem;
      return {
        what: `${side}.${name}, ${JSON.stringify(value)}, ${wordsOfAddress(name, problem.problem)}`,
        remedy: `Write connect.${name}: ${JSON.stringify(usual.connect)} and listen.${name}: ${JSON.stringify(usual.listen)}, as the package for ${platform} has it, or your own.`,
      };
    }
  }
}

const remediesOfReading = {
  missing: 'Correct config.base: the path starts at the folder of the manifest.',
  outside: 'Keep the file in the repository, and name it by a path inside.',
  'too-large': 'Name a config.yaml of IoT Edge; the packages have one of 20 kB.',
  unreadable: 'Name a file that can be read.',
} as const;

const oneSettingALine = 'Write one setting a line, "key: value", as the file of the package does.';

function wordsOfHostname(problem: BaseHostnameProblem): string {
  switch (problem.kind) {
    case 'missing':
      return 'hostname is missing; the runtime would take "localhost"';
    case 'no-text':
      return 'hostname is no text in quotes';
    case 'placeholder':
      return `hostname is still the placeholder of the template, "${problem.text}"`;
    case 'invalid':
      return `hostname, "${problem.hostname}", ${hostnameText(problem.problem)}`;
  }
}

function wordsOfAddress(name: AddressName, problem: AddressProblem): string {
  switch (problem.kind) {
    case 'scheme':
      return `is no address that begins with ${problem.expected.join('://, ')}://`;
    case 'systemd-socket':
      return 'is a socket of systemd, which only the package for debian has';
    case 'relative':
      return 'has no absolute path, expected three slashes behind the colon';
    case 'windows-path':
      return 'is a path of Windows, on a Linux device';
    case 'linux-path':
      return 'is a path of Linux, on a Windows device';
    case 'mismatch':
      return `does not match connect.${name}, ${JSON.stringify(problem.connect)}`;
  }
}

export const baseRules = {
  'config/base': rule<{ path: string; problem: BaseProblem }>({
    severity: 'error',
    about:
      'The config.yaml that config.base names cannot be read or edited, or the device would not start with it: it is no YAML, has a section twice or indented (https://github.com/Azure/iotedge/issues/5928), or lacks what the runtime would replace by a value of its own in silence, or has addresses for modules at which nobody listens.',
    message: ({ path, problem }) => `${path}: ${wordsOf(problem).what}`,
    remedy: ({ path, problem }) =>
      (problem.kind === 'unreadable' && problem.why === 'missing' ? slashRemedy(path) : undefined) ??
      wordsOf(problem).remedy ??
      'Correct the line: the file should be one with which the device could start as it is.',
    example: { path: 'base/config.yaml', problem: { kind: 'provisioning-indented' } },
  }),
  'config/base-unknown-key': rule<{ path: string; key: string; known: readonly string[]; suggestion?: string }>({
    severity: 'warning',
    about:
      'The config.yaml that config.base names has a key on top that no version of IoT Edge knows. The runtime ignores it in silence.',
    message: ({ path, key, suggestion }) =>
      `${path}: unknown key "${key}"${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`,
    remedy: ({ known }) => `Correct or remove it. Known keys there: ${known.join(', ')}.`,
    example: {
      path: 'base/config.yaml',
      key: 'watch_dog',
      known: ['agent', 'hostname', 'watchdog'],
      suggestion: 'watchdog',
    },
  }),
};
