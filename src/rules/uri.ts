import { rule } from './rule.ts';
import { identityService, manifest, newVersions, nobody, oldVersions } from './sources.ts';

/** Why a file of the device cannot lie at a place. */
export type PlaceProblem =
  | { readonly kind: PlainPlaceProblem }
  | { readonly kind: 'scheme'; readonly scheme: string }
  | { readonly kind: 'windows-character'; readonly character: string }
  /** Windows takes the name for one of its devices: `con`. */
  | { readonly kind: 'windows-device'; readonly name: string }
  | { readonly kind: 'host'; readonly host: string }
  /** `other`: the key whose file lies there. */
  | { readonly kind: 'taken'; readonly other: string };

/** One that has no details of its own. */
export type PlainPlaceProblem = keyof typeof fixed;

const fixed = {
  empty: 'is empty',
  'control-character': 'has a line break, a tab or another control character',
  'encoded-control-character': 'has an encoded control character',
  'relative-path': 'is a relative path',
  'windows-path': 'is a Windows path, on a Linux device',
  'linux-path': 'is a path of Linux, on a Windows device',
  folder: 'names a folder, expected a file',
  dots: 'has a "." or ".." between slashes, expected the path that it ends in',
  'not-in-module': 'is a PKCS#11 URI, which only private keys of IoT Edge 1.2 and later can be',
  'module-scheme': 'does not begin with "pkcs11:" in lower case',
  'module-place': 'names neither token=… nor slot-id=…, of which the runtime needs one',
  'module-slot': 'has a slot-id that is not a decimal number of 64 bits',
  'module-not-utf8': 'has an object, a token or a PIN that is not UTF-8',
  'no-drive': 'is a path without a drive, expected one such as C:\\…',
  'dot-or-space-at-end': 'has a name that ends in a dot or a space, which Windows drops',
  'no-slashes': 'is a file: URI without // after the colon',
  backslash: 'is a URI with a backslash, expected /',
  fragment: 'has a "#", which ends the path (in a file name it is written %23)',
  query: 'has a "?", which ends the path (in a file name it is written %3F)',
  port: 'has a port, expected none',
  'invalid-windows-uri': 'is not a valid URI of a Windows path, such as file:///C:/…',
  'invalid-uri': 'is not a valid URI of a path in UTF-8',
  'no-script': 'is not an absolute Windows path of a PowerShell script',
  'runtime-configuration': "has the name of the runtime's configuration, expected another one",
  'daemon-configuration': "lies where a daemon's configuration does, expected a folder of its own",
  'systemd-settings': "lies among systemd's settings, expected a folder of its own",
} as const;

function wordsOf(problem: PlaceProblem): string {
  switch (problem.kind) {
    case 'scheme':
      return `has the scheme "${problem.scheme}:", expected "file:"`;
    case 'windows-character':
      return `has the character ${JSON.stringify(problem.character)}, which no file name on Windows has`;
    case 'windows-device':
      return `has the name "${problem.name}", which Windows takes for one of its devices`;
    case 'host':
      return `has the host "${problem.host}", expected none or localhost`;
    case 'taken':
      return `is the place of ${problem.other} too, expected a file of its own`;
    default:
      return fixed[problem.kind];
  }
}

export const uriRules = {
  'config/uri': rule<{ key: string; value: string; problem: PlaceProblem; expected: string }>({
    severity: 'error',
    refusedBy: [
      manifest,
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: 'https://github.com/Azure/iotedge/issues/4336',
      },
      {
        who: 'runtime',
        versions: newVersions,
        when: 'config apply',
        source: identityService('1.5.0', 'aziotctl/aziotctl-common/src/config/super_config.rs'),
      },
    ],
    about:
      'The path of a certificate or key on the device is not a file: URI or an absolute path, so the runtime stops at start (https://github.com/Azure/iotedge/issues/4336), or is that of another file; or it is a pkcs11: URI that the runtime does not read.',
    message: ({ key, value, problem }) => `${key}: ${JSON.stringify(value)} ${wordsOf(problem)}`,
    remedy: ({ expected }) => `Write ${expected}.`,
    example: {
      key: 'identity.certificate',
      value: 'certs/edge.pem',
      problem: { kind: 'relative-path' },
      expected: 'file:///var/lib/iotedge/identity/edge-001.pem',
    },
  }),
  'config/uri-read-otherwise': rule<{ key: string; value: string; path: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The runtime reads a different path from this file: URI. It resolves "..", cuts off everything after "#" or "?", and removes spaces around it. The configuration gets the path that the runtime reads.',
    message: ({ key, value, path }) => `${key}: ${JSON.stringify(value)} is the file ${path} for the runtime`,
    remedy: ({ path }) => `Write ${path}, if that is meant; in a file name "#" is written %23 and "?" %3F.`,
    example: {
      key: 'identity.certificate',
      value: 'file:///var/aziot/certs/x/../edge-001.pem',
      path: '/var/aziot/certs/edge-001.pem',
    },
  }),
};
