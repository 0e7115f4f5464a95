import { faultRow, faultsOf } from '../model/fault-table.ts';

/** A place in a seed: a line of its file, or an entry, both counted from 1. Without either it is the whole seed. */
export interface SeedPlace {
  /** The name of the seed: a file name. */
  readonly name: string;
  readonly line?: number;
  readonly entry?: number;
  /** The device id of the entry. Empty if it has none. */
  readonly id?: string;
}

/** What is wrong with the text of a faults option. */
export type FaultsProblem =
  | { readonly problem: 'unknown-kind'; readonly part: string }
  | { readonly problem: 'kind-twice'; readonly kind: string }
  | { readonly problem: 'share'; readonly share: string; readonly kind: string }
  | { readonly problem: 'too-many'; readonly percent: number }
  | { readonly problem: 'seed'; readonly seed: string }
  | { readonly problem: 'seed-twice' };

type FaultsOption = FaultsProblem & {
  /** The name of the option. */
  readonly name: string;
  readonly kinds: readonly string[];
};

const seedFormat = 'Give a JSON array of devices, or one JSON object per line as in an export (devices.txt).';
const seedEntry = 'Correct this entry, or leave it out.';

/**
 * Faults of the embedded hub itself. The refusals with which it answers calls imitate the service's and are not here.
 */
export const emulatorFaults = {
  'seed-not-json': faultRow<{ at: SeedPlace; why: string }>({
    message: ({ at, why }) => `${placeIn(at)} is not JSON: ${why}.`,
    remedy: () => seedFormat,
    example: { at: { name: 'devices.txt', line: 2 }, why: 'Unexpected end of JSON input' },
  }),
  'seed-not-array': faultRow<{ name: string }>({
    message: ({ name }) => `${name} is not an array of devices.`,
    remedy: () => seedFormat,
    example: { name: 'devices.json' },
  }),
  'seed-not-object': faultRow<{ at: SeedPlace }>({
    message: ({ at }) => `${placeIn(at)} is not a JSON object.`,
    remedy: () => seedFormat,
    example: { at: { name: 'devices.json', entry: 3 } },
  }),
  'seed-refused': faultRow<{ at: SeedPlace; why: string }>({
    message: ({ at, why }) => `${placeIn(at)}: ${why}`,
    remedy: () => seedEntry,
    example: {
      at: { name: 'devices.json', entry: 2, id: 'edge 1' },
      why: "The value 'edge 1' of 'deviceId' is invalid.",
    },
  }),
  'seed-import-mode': faultRow<{ at: SeedPlace; mode: string }>({
    message: ({ at, mode }) => `${placeIn(at)}: the importMode ${mode} has no place in a seed`,
    remedy: () => seedEntry,
    example: { at: { name: 'devices.txt', entry: 1, id: 'edge-1' }, mode: 'delete' },
  }),
  'seed-parent-absent': faultRow<{ at: SeedPlace; scope: string }>({
    message: ({ at, scope }) =>
      `${placeIn(at)}: its parent's scope '${scope}' is not that of an edge device of this file`,
    remedy: () => seedEntry,
    example: { at: { name: 'devices.txt', entry: 1, id: 'edge-1' }, scope: 'ms-azure-iot-edge://gateway-1' },
  }),
  'directory-unusable': faultRow<{ directory: string; why: string }>({
    message: ({ directory, why }) => `The embedded hub cannot keep its state in ${directory}: ${why}.`,
    remedy: () => 'Give a directory that you may write to with --directory.',
    example: { directory: '/hub', why: "EACCES: permission denied, mkdir '/hub'" },
  }),
  'not-its-settings': faultRow<{ path: string }>({
    message: ({ path }) => `${path} is not the settings of an embedded hub.`,
    remedy: () => 'Give another directory, or delete this file to get new keys.',
    example: { path: '/hub/settings.json' },
  }),
  'not-its-jobs': faultRow<{ path: string }>({
    message: ({ path }) => `${path} is not the jobs of an embedded hub.`,
    remedy: () => 'Give another directory, or delete this file.',
    example: { path: '/hub/jobs.json' },
  }),
  'not-its-configurations': faultRow<{ path: string }>({
    message: ({ path }) => `${path} is not the configurations of an embedded hub.`,
    remedy: () => 'Give another directory, or delete this file.',
    example: { path: '/hub/configurations.json' },
  }),
  'not-its-journal': faultRow<{ path: string; line: number }>({
    message: ({ path, line }) => `${path}, line ${line}: this is not a line of an embedded hub's journal.`,
    remedy: () => 'Give another directory, or delete this file to begin with an empty hub.',
    example: { path: '/hub/devices.jsonl', line: 7 },
  }),
  'port-taken': faultRow<{ port: number; why: string }>({
    message: ({ port, why }) => `The embedded hub cannot listen on port ${port} of this machine: ${why}.`,
    remedy: () => 'Stop what listens there, or choose another port with --port (0 takes any free one).',
    example: { port: 8443, why: 'listen EADDRINUSE: address already in use 127.0.0.1:8443' },
  }),
  'port-forbidden': faultRow<{ port: number; why: string }>({
    message: ({ port, why }) => `The embedded hub may not listen on port ${port} of this machine: ${why}.`,
    remedy: ({ port }) =>
      `Run it as root, or let everybody listen from that port on (Linux: sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}), or choose another port with --port.`,
    example: { port: 443, why: 'listen EACCES: permission denied 127.0.0.1:443' },
  }),
  'faults-option': faultRow<FaultsOption>({
    kind: 'usage',
    message: (option) => `${option.name}: ${problemIn(option)}`,
    remedy: ({ name, kinds }) =>
      `Give ${name} kinds and their shares, for example 429:5%,reset-after:1%,seed:7. Kinds: ${kinds.join(', ')}.`,
    example: { name: '--faults', kinds: ['429', 'hang'], problem: 'share', share: '5', kind: '429' },
  }),
};

export const emulatorFault = faultsOf(emulatorFaults);

function placeIn({ name, line, entry, id }: SeedPlace): string {
  if (line !== undefined) return `${name}, line ${line}`;
  if (entry === undefined) return name;
  return `${name}, entry ${entry}${id === undefined ? '' : ` (${id || 'without an id'})`}`;
}

function problemIn(option: FaultsProblem): string {
  switch (option.problem) {
    case 'unknown-kind':
      return `${JSON.stringify(option.part)} is not KIND:SHARE% with a kind that there is`;
    case 'kind-twice':
      return `${option.kind} is given twice`;
    case 'share':
      return `the share ${JSON.stringify(option.share)} of ${option.kind} is not one like 5% or 0.5%`;
    case 'too-many':
      return `the shares are ${option.percent}% together, which is more than all calls`;
    case 'seed':
      return `the seed ${JSON.stringify(option.seed)} is not a whole number`;
    case 'seed-twice':
      return 'the seed is given twice';
  }
}
