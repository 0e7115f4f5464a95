import { faultRow, faultsOf } from '../model/fault-table.ts';

export const terminalFaults = {
  'manifest-outside': faultRow<{ manifest: string; root: string }>({
    kind: 'usage',
    message: ({ manifest, root }) => `${manifest} lies outside ${root}, where the first manifest is`,
    remedy: () => 'Run once for each repository.',
    example: { manifest: '../other/devices.yaml', root: '/srv/fleet' },
  }),

  // hub
  'not-a-number': faultRow<{ name: string; given: string; least: number; most: number }>({
    kind: 'usage',
    message: ({ name, given, ...range }) => `--${name}: ${JSON.stringify(given)} is not ${wholeNumber(range)}`,
    remedy: ({ name, ...range }) => `Give --${name} ${wholeNumber(range)}.`,
    example: { name: 'port', given: 'x', least: 0, most: 65_535 },
  }),
  'not-a-host-alone': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `--host: ${JSON.stringify(given)} is not a bare host name`,
    remedy: () => 'Give --host such as contoso.azure-devices.net. A port is given with --port.',
    example: { given: 'contoso.azure-devices.net:443' },
  }),
  'seed-unreadable': faultRow<{ path: string; why: string }>({
    message: ({ path, why }) => `The seed ${path} cannot be read: ${why}.`,
    remedy: () => 'Give a file that exists with --seed.',
    example: { path: 'devices.txt', why: "ENOENT: no such file or directory, open '/srv/devices.txt'" },
  }),

  // issue
  'not-days': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `--days: ${JSON.stringify(given)} is not a whole number of days`,
    remedy: () => 'Give --days a number such as 365.',
    example: { given: '0' },
  }),

  'unknown-key-type': faultRow<{ given: string; known: readonly string[] }>({
    kind: 'usage',
    message: ({ given }) => `--key: ${JSON.stringify(given)} is not a type of key`,
    remedy: ({ known }) => `Give one of ${known.join(', ')}.`,
    example: { given: 'dsa', known: ['rsa', 'ec'] },
  }),

  // new
  'no-device-found': faultRow<{ sources: readonly string[]; archive?: string }>({
    message: ({ sources }) => `no device was found in ${sources.join(', ')}`,
    remedy: ({ archive }) =>
      archive === undefined
        ? 'Name a folder of certificates, certificate files, or a CSV with a column id.'
        : `Unpack ${archive} and its like first. Of what az iot edge devices create puts there, ID.hub-auth-cert.pem is the device's certificate; keep the keys out of the repository.`,
    example: { sources: ['certs', 'ids.csv'] },
  }),
  'source-unreadable': faultRow<{ source: string; why: string }>({
    kind: 'usage',
    message: ({ source, why }) => `${source} cannot be opened: ${why}`,
    remedy: () => 'Name a folder or a file that exists.',
    example: { source: 'nowhere', why: "ENOENT: no such file or directory, stat '/srv/nowhere'" },
  }),
  'not-a-host': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `--hub: ${JSON.stringify(given)} is not a host name`,
    remedy: () => 'Give --hub such as contoso.azure-devices.net.',
    example: { given: 'https://contoso.azure-devices.net' },
  }),
  'not-a-version': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `--runtime: ${JSON.stringify(given)} is not a version`,
    remedy: () => 'Give --runtime such as 1.6 or 1.1.15.',
    example: { given: 'latest' },
  }),
  'unknown-platform': faultRow<{ given: string; known: readonly string[] }>({
    kind: 'usage',
    message: ({ given }) => `--platform: ${given} is not known`,
    remedy: ({ known }) => `Give one of ${known.join(', ')}.`,
    example: { given: 'beos', known: ['debian', 'linux', 'windows'] },
  }),
  'not-a-manifest-name': faultRow<{ output: string }>({
    kind: 'usage',
    message: ({ output }) => `--output: ${output} would be no manifest`,
    remedy: () => 'Give --output a name that ends in .yaml.',
    example: { output: 'devices.txt' },
  }),
  'output-exists': faultRow<{ output: string }>({
    kind: 'usage',
    message: ({ output }) => `${output} is there already`,
    remedy: () => 'Nothing was written. Name another file.',
    example: { output: 'devices.yaml' },
  }),
  'path-refused': faultRow<{ option: string; path: string; why: string }>({
    kind: 'usage',
    message: ({ option, path, why }) => `--${option}: ${path} is refused: ${why}`,
    remedy: () => 'Nothing was written. Name a path that no link of the repository leads elsewhere, outside of .git.',
    example: {
      option: 'output',
      path: 'link/devices.yaml',
      why: 'it is a link, and what it links to is refused: it lies outside the workspace',
    },
  }),
  'output-not-written': faultRow<{ output: string; why: string }>({
    message: ({ output, why }) => `${output} cannot be written: ${why}`,
    remedy: () => 'Check the folder and its permissions.',
    example: { output: 'no/devices.yaml', why: "ENOENT: no such file or directory, open '/srv/no/devices.yaml'" },
  }),
};

export const terminalFault = faultsOf(terminalFaults);

function wholeNumber({ least, most }: { readonly least: number; readonly most: number }): string {
  return `a whole number from ${least} to ${most}`;
}
