import { rule } from './rule.ts';
import { newVersions, nobody } from './sources.ts';

/** TOML that not every version of the runtime reads. */
export type TomlSyntax =
  | 'empty-key'
  | 'header-of-dotted'
  | 'escape'
  | 'time-without-seconds'
  | 'line-break-in-braces'
  | 'comma-at-end-of-braces';

interface SyntaxWords {
  readonly what: string;
  /** The first version of TOML that has it. */
  readonly since: '1.0' | '1.1';
  readonly remedy: string;
}

const syntaxes: Readonly<Record<TomlSyntax, SyntaxWords>> = {
  'empty-key': { what: 'an empty key', since: '1.0', remedy: 'Give the key a name, or remove the line.' },
  'header-of-dotted': {
    what: 'a header that goes on with a table which keys with dots have made',
    since: '1.0',
    remedy: 'Write all of the table by headers, or all of it by keys with dots.',
  },
  escape: { what: 'the escape \\e or \\x', since: '1.1', remedy: 'Write \\u and four digits.' },
  'time-without-seconds': {
    what: 'a time without seconds',
    since: '1.1',
    remedy: 'Add :00 to it, or write it as text.',
  },
  'line-break-in-braces': {
    what: 'a line break between braces',
    since: '1.1',
    remedy: 'Write all that is between the braces on one line, or a section with a header.',
  },
  'comma-at-end-of-braces': { what: 'a comma before the closing brace', since: '1.1', remedy: 'Remove the comma.' },
};

/** Whether a version of TOML has it. */
export function isIn(syntax: TomlSyntax, toml: '0.5' | '1.0' | '1.1'): boolean {
  return syntaxes[syntax].since <= toml;
}

/** What the runtime refuses in the value of a setting. */
export type ValueProblem =
  | { readonly kind: 'type'; readonly expected: string; readonly found: string }
  | { readonly kind: 'word'; readonly words: readonly string[]; readonly found: string }
  | { readonly kind: 'range'; readonly min: number; readonly max?: number; readonly found: string }
  /** `none`: the key is not there. */
  | { readonly kind: 'missing'; readonly name: string }
  | {
      readonly kind:
        | 'url'
        | 'no-file'
        | 'private-key'
        | 'share-or-time'
        | 'retries'
        | 'slot'
        | 'duration'
        | 'whole-days'
        | 'time';
    }
  | { readonly kind: 'twice'; readonly other: string }
  | { readonly kind: 'digest-behind-options' }
  | { readonly kind: 'parameter'; readonly known: readonly string[] }
  | { readonly kind: 'edge-ca-form' }
  /** The manifest asks for another form of the edge CA, which the runtime passes over. */
  | { readonly kind: 'edge-ca-of-manifest'; readonly key: string; readonly first: string };

interface Words {
  readonly what: string;
  readonly remedy: string;
}

function wordsOf(problem: ValueProblem): Words {
  switch (problem.kind) {
    case 'type':
      return { what: `is ${problem.found}, expected ${problem.expected}`, remedy: `Write ${problem.expected}.` };
    case 'word':
      return {
        what: `is "${problem.found}", expected ${orOf(problem.words)}`,
        remedy: 'Write one of them, in exactly these letters.',
      };
    case 'range': {
      const { min, max, found } = problem;
      const range = max === undefined ? `${min} or more` : `${min} to ${max}`;
      return { what: `is ${found}, expected ${range}`, remedy: `Write a whole number, ${range}.` };
    }
    case 'missing':
      return {
        what: `lacks ${problem.name}, without which the runtime refuses the section`,
        remedy: `Add ${problem.name}.`,
      };
    case 'url':
      return { what: 'is not a URI', remedy: 'Write a URI. A path is written file:///PATH.' };
    case 'no-file':
      return { what: 'is not a URI of a file on the device', remedy: 'Write file:///PATH.' };
    case 'private-key':
      return {
        what: 'is not a URI of a private key',
        remedy: 'Write file:///PATH, or pkcs11: with a token or a slot-id, and an object.',
      };
    case 'share-or-time':
      return {
        what: 'is not a time of a renewal',
        remedy: 'Write a share of the lifetime, "1%" to "99%", or a time before its end: "30min", "10day".',
      };
    case 'duration':
      return { what: 'is not a duration', remedy: 'Write one such as "7d".' };
    case 'whole-days':
      return { what: 'is not a duration of whole days', remedy: 'Write one such as "1d".' };
    case 'time':
      return { what: 'is not a time', remedy: 'Write hours and minutes, such as "03:00".' };
    case 'slot':
      return { what: 'is not a URI of a slot', remedy: 'Write pkcs11: with a token or a slot-id, a number.' };
    case 'retries':
      return {
        what: 'is neither "infinite" nor a whole number',
        remedy: 'Write "infinite" in quotes, or a number without.',
      };
    case 'twice':
      return {
        what: `says the same as ${problem.other}; the runtime refuses both together`,
        remedy: 'Remove one of them.',
      };
    case 'digest-behind-options':
      return {
        what: 'stops this version, which cannot write it again behind createOptions',
        remedy: 'Remove it, and name the digest in agent.config.image, as IMAGE@sha256:DIGEST.',
      };
    case 'parameter':
      return {
        what: 'is not a parameter of the key service, which does not start with it',
        remedy: `Remove it. Known are ${problem.known.join(', ')}.`,
      };
    case 'edge-ca-form':
      return {
        what: 'has none of the three forms that the runtime takes',
        remedy:
          'Write cert and pk, or method ("est", "local_ca", "self_signed"), or auto_generated_edge_ca_expiry_days. auto_renew needs rotate_key, threshold and retry.',
      };
    case 'edge-ca-of-manifest':
      return {
        what: `comes before ${problem.key} of the manifest, which the runtime would pass over`,
        remedy: `Remove ${problem.first} from the file, or ${problem.key} from the manifest.`,
      };
  }
}

function orOf(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(' or ');
}

/** Why a runtime passes over a key in silence. */
export type KeyProblem =
  | { readonly kind: 'other-version'; readonly version: string; readonly since?: string; readonly last?: string }
  /** A key of the top that stands behind a header and so belongs to that section. */
  | { readonly kind: 'behind-header'; readonly header: string };

const applied = 'super_config.rs of aziotctl-common and apply.rs of iotedge, 1.2.10 to 1.6.1';

export const tomlBaseRules = {
  'config/base-syntax': rule<{ path: string; syntax: TomlSyntax; version: string; toml: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.2 to 1.5',
        when: 'config apply',
        source:
          'the toml crate of the runtime: 0.5 up to 1.4.8, 0.7 up to 1.5, 1.1 in 1.6; run with 0.5.8, 0.5.9, 0.7.6, 1.2.2',
      },
    ],
    adjustable: 'warning',
    about:
      'The config.toml that config.base names uses TOML that this version of IoT Edge cannot read. IoT Edge reads TOML 0.5 up to 1.4.8, TOML 1.0 up to 1.5, and TOML 1.1 in 1.6.',
    message: ({ path, syntax, version, toml }) =>
      `${path}: ${syntaxes[syntax].what} is TOML ${syntaxes[syntax].since}, and IoT Edge ${version} reads TOML ${toml}`,
    remedy: ({ syntax }) => syntaxes[syntax].remedy,
    example: { path: 'base/config.toml', syntax: 'line-break-in-braces', version: '1.5', toml: '1.0' },
  }),
  'config/base-syntax-by-patch': rule<{ path: string; syntax: TomlSyntax }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.4.0 to 1.4.8',
        when: 'config apply',
        source: 'the toml crate 0.5 of these versions',
      },
    ],
    adjustable: 'warning',
    about:
      'The config.toml that config.base names uses TOML 1.0, and runtime.version 1.4 does not say which 1.4 the device has. IoT Edge reads TOML 0.5 up to 1.4.8 and TOML 1.0 from 1.4.9 on.',
    message: ({ path, syntax }) =>
      `${path}: ${syntaxes[syntax].what} is TOML ${syntaxes[syntax].since}, which IoT Edge reads from 1.4.9 on`,
    remedy: ({ syntax }) => `${syntaxes[syntax].remedy} Or write the whole version, such as 1.4.43.`,
    example: { path: 'base/config.toml', syntax: 'header-of-dotted' },
  }),
  'config/base-value': rule<{ path: string; key: string; problem: ValueProblem; version: string }>({
    severity: 'error',
    refusedBy: [{ who: 'runtime', versions: newVersions, when: 'config apply', source: applied }],
    adjustable: 'warning',
    about:
      'The config.toml that config.base names has a value that this version of IoT Edge refuses, or lacks one that it needs. "iotedge config apply" or the start of a service fails.',
    message: ({ path, key, problem, version }) => `${path}: ${key} ${wordsOf(problem).what} (runtime ${version})`,
    remedy: ({ problem }) => wordsOf(problem).remedy,
    example: {
      path: 'base/config.toml',
      key: 'cloud_timeout_sec',
      problem: { kind: 'range', min: 70, found: '10' },
      version: '1.6',
    },
  }),
  'config/base-dropped': rule<{
    path: string;
    key: string;
    problem: 'half-pair' | 'type' | 'other-form';
    other?: string;
  }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The config.toml that config.base names has a value that IoT Edge ignores without a message: half of a pair (a user name without a password, a certificate without its key), a name of the wrong type, or a part of another form of edge_ca than the one that is used.',
    message: ({ path, key, problem, other }) => {
      if (problem === 'half-pair')
        return `${path}: ${key} has no ${other} beside it; the runtime ignores it without a message`;
      if (problem === 'type') return `${path}: ${key} has the wrong type; the runtime ignores it without a message`;
      return `${path}: ${key} is not used beside ${other}; the runtime ignores it without a message`;
    },
    remedy: ({ problem, key, other }) => {
      if (problem === 'half-pair') return `Add ${other}, or remove ${key}.`;
      return problem === 'type'
        ? 'Write text in quotes; a subject is a table of texts.'
        : `Remove ${key}, or ${other}.`;
    },
    example: {
      path: 'base/config.toml',
      key: 'cert_issuance.est.auth.username',
      problem: 'half-pair',
      other: 'password',
    },
  }),
  'config/base-renewing-identity': rule<{ path: string; key: string; how: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The config.toml that config.base names lets the device renew its identity certificate by itself. The hub knows the thumbprint of one certificate and refuses the next one. So the device gets the certificate of the manifest, and the old section becomes a comment.',
    message: ({ path, key, how }) =>
      `${path}: ${key} is ${how}; a certificate that the device renews cannot be registered by its thumbprint`,
    remedy: () =>
      'Remove the section: the device carries the certificate of the manifest. For an identity that renews itself, use the Device Provisioning Service, which this action does not manage.',
    example: { path: 'base/config.toml', key: 'provisioning.authentication.identity_cert', how: 'issued by "est"' },
  }),
};
