import { type KeyProblem, tomlBaseRules } from './base-toml.ts';
import { foreignFormRemedy, foreignFormText, slashRemedy } from './foreign-form.ts';
import { rule } from './rule.ts';
import { iotedge, manifest, nobody, oldVersions } from './sources.ts';

/** What is wrong with the file that config.base names. */
export type BaseProblem =
  /** `detail` is what reading said: `it does not exist`. */
  | {
      readonly kind: 'unreadable';
      readonly why: 'missing' | 'outside' | 'too-large' | 'unreadable';
      readonly detail: string;
    }
  | { readonly kind: 'not-utf-8' }
  /** It is a file of the other form. `version` is that of the device. */
  | { readonly kind: 'other-form'; readonly expected: 'config.yaml' | 'config.toml'; readonly version: string }
  /** What the TOML parser says. */
  | { readonly kind: 'toml-syntax'; readonly message: string }
  /** Two readers of TOML understand it differently. */
  | { readonly kind: 'read-differently' }
  /** The edited text does not say what was wanted. */
  | { readonly kind: 'not-editable'; readonly detail: string }
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
  /** A value that a version does not take. `found`: what kind of value it is. */
  | {
      readonly kind: 'value';
      readonly setting: string;
      readonly expected: string;
      readonly found: string;
      readonly version: string;
    }
  /** The setting is missing, or it is no text. `usual` is the value in the package for `platform`. */
  | {
      readonly kind: 'lacks';
      readonly setting: string;
      readonly found: 'nothing' | 'no-text';
      readonly usual: string;
      readonly platform: string;
    }
  /** The host name is no text. */
  | { readonly kind: 'hostname' }
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
    case 'other-form': {
      const { expected, version } = problem;
      const other = expected === 'config.toml' ? 'config.yaml' : 'config.toml';
      return {
        what: `it is a ${other}, and IoT Edge ${version} reads a ${expected}`,
        remedy:
          expected === 'config.toml'
            ? 'Name a config.toml: the package has a template, /etc/aziot/config.toml.edge.template, and "iotedge config import" on a device turns its config.yaml into one.'
            : 'Name the config.yaml of the package, or set runtime.version to the one on the device.',
      };
    }
    case 'toml-syntax':
      return { what: `it is not TOML: ${problem.message}` };
    case 'read-differently':
      return {
        what: 'two readers of TOML understand it differently',
        remedy: 'Write it plainer: each section by one header, each setting on one line.',
      };
    case 'not-editable':
      return {
        what: `the settings of the manifest cannot be written into it: ${problem.detail}`,
        remedy: 'Write each section that the manifest changes by one header, [section], with one setting per line.',
      };
    case 'lfs-pointer':
    case 'utf-16':
      return { what: foreignFormText[problem.kind], remedy: foreignFormRemedy[problem.kind] };
    case 'syntax':
      return { what: `it is not YAML: ${problem.message}` };
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
      return { what: 'it is not a list of settings', remedy: oneSettingALine };
    case 'provisioning-indented':
      return {
        what: '"provisioning:" does not begin its line; the runtime would take it for a part of something else',
        remedy: 'Remove the spaces and tabs before it (https://github.com/Azure/iotedge/issues/5928).',
      };
    case 'key-indented':
      return { what: `"${problem.key}:" does not begin its line` };
    case 'key-twice':
      return {
        what: `${problem.key} is here a second time; the runtime would use the last one without a message`,
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
    case 'value': {
      const { setting, expected, found, version } = problem;
      return {
        what: `${setting}: expected ${expected}, found ${found}; the runtime would not start (runtime ${version})`,
        remedy: `Write ${expected} there, or remove the line.`,
      };
    }
    case 'lacks': {
      const { setting, usual, platform } = problem;
      const found = problem.found === 'nothing' ? 'is missing' : 'is not text in quotes';
      return {
        what: `${setting} ${found}; the runtime would take a value of its own`,
        remedy: `Write ${setting}: ${JSON.stringify(usual)}, as the package for ${platform} has it, or your own.`,
      };
    }
    case 'hostname':
      return {
        what: 'hostname is not text of one line in quotes',
        remedy:
          'Write the name in quotes, or set config.hostname in the manifest (in defaults, {id} stands for the device).',
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
  'too-large': 'Name a config.yaml or config.toml of IoT Edge; the packages have one of 20 kB.',
  unreadable: 'Name a file that can be read.',
} as const;

const oneSettingALine = 'Write one setting per line, "key: value", as the file of the package does.';

function wordsOfAddress(name: AddressName, problem: AddressProblem): string {
  switch (problem.kind) {
    case 'scheme':
      return `is not an address that begins with ${problem.expected.join('://, ')}://`;
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
    refusedBy: [
      manifest,
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: iotedge('1.1.15', 'edgelet/edgelet-docker/src/settings.rs'),
      },
    ],
    about:
      'The config.yaml or config.toml that config.base names cannot be read or edited, or the device would not start with it: it is not YAML or TOML, has the form of another version, has a section twice or indented (https://github.com/Azure/iotedge/issues/5928), or lacks what the runtime would replace by its own value without a message, or has addresses for modules at which nobody listens.',
    message: ({ path, problem }) => `${path}: ${wordsOf(problem).what}`,
    remedy: ({ path, problem }) =>
      (problem.kind === 'unreadable' && problem.why === 'missing' ? slashRemedy(path) : undefined) ??
      wordsOf(problem).remedy ??
      'Correct the line: the file should be one with which the device could start as it is.',
    example: { path: 'base/config.yaml', problem: { kind: 'provisioning-indented' } },
  }),
  'config/base-unknown-key': rule<{
    path: string;
    key: string;
    known: readonly string[];
    suggestion?: string;
    problem?: KeyProblem;
  }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The file that config.base names has a key that this version of IoT Edge does not know: on top of a config.yaml, anywhere in a config.toml. The runtime ignores it without a message. In a config.toml, a top-level key after a header belongs to that section.',
    message: ({ path, key, suggestion, problem }) => `${path}: ${unknownText(key, suggestion, problem)}`,
    remedy: ({ key, known, problem }) => {
      if (problem?.kind === 'behind-header') return 'Move it before the first header of the file.';
      if (problem?.kind === 'other-version') return `Remove ${key}, or put "# " before its lines.`;
      return known.length === 0
        ? 'Correct or remove it.'
        : `Correct or remove it. Known keys there: ${known.join(', ')}.`;
    },
    example: {
      path: 'base/config.yaml',
      key: 'watch_dog',
      known: ['agent', 'hostname', 'watchdog'],
      suggestion: 'watchdog',
    },
  }),
  ...tomlBaseRules,
};

function unknownText(key: string, suggestion: string | undefined, problem: KeyProblem | undefined): string {
  if (problem === undefined)
    return `unknown key "${key}"${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`;
  if (problem.kind === 'behind-header')
    return `"${key}" is after [${problem.header}] and belongs to it; the runtime does not read it as a setting of the device`;
  const { version, since, last } = problem;
  const when = since === undefined ? `ended with IoT Edge ${last}` : `begins with IoT Edge ${since}`;
  return `${key} ${when}; IoT Edge ${version} ignores it without a message`;
}
