import { rule } from './rule.ts';
import { deviceIds, manifest, nobody, twinFormat } from './sources.ts';

/** Why an id is not a device id of IoT Hub. `commonNameOf` is the certificate file whose common name it is. */
export type IdProblem =
  | 'empty'
  | { readonly length: number }
  | { readonly character: string }
  | { readonly commonNameOf: string };

/** Why IoT Hub would refuse a tag. */
export type TagProblem =
  | 'empty-name'
  | 'reserved-name'
  | 'list'
  | 'not-a-number'
  | { readonly character: string }
  | { readonly nameLimit: number }
  | { readonly levelLimit: number }
  /** All tags of the device together. */
  | { readonly bytes: number; readonly limit: number }
  | { readonly textBytes: number; readonly limit: number }
  | { readonly integer: number; readonly range: readonly [least: number, most: number] };

export const deviceRules = {
  'device/id-characters': rule<{ id: string; problem: IdProblem }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: deviceIds }],
    about:
      "IoT Hub accepts ids of 1 to 128 characters from A-Z a-z 0-9 and - . _ : % # * ? ! ( ) , + = @ $ ' ; and refuses all others.",
    message: ({ id, problem }) => `device id "${id}" ${idText(problem)}`,
    remedy: () =>
      "Use 1 to 64 characters from A-Z a-z 0-9 - . _ : % # * ? ! ( ) , + = @ $ ' ; (no spaces, no slashes).",
    example: { id: 'edge 001', problem: { character: ' ' } },
  }),
  'device/id-too-long-for-cn': rule<{ id: string; length: number }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      "A certificate's common name has at most 64 characters (RFC 5280), so it can never be this id. The hub accepts the device anyway.",
    message: ({ id, length }) =>
      `device id "${id}" has ${length} characters; a certificate's common name holds at most 64`,
    remedy: () => 'Shorten the id to 64 characters or fewer.',
    example: { id: 'plant-7-hall-3-line-12-cell-4-robot-arm-left-gripper-camera-front', length: 65 },
  }),
  'device/id-shortened': rule<{ id: string }>({
    severity: 'error',
    refusedBy: [manifest],
    adjustable: 'warning',
    about:
      'The id looks like a long number that a spreadsheet has shortened (1.23457E+11). Its digits were lost when the table was saved as CSV. The run would create a device with this id, and the real device could not sign in.',
    message: ({ id }) => `device id "${id}" looks like a number that a spreadsheet has shortened`,
    remedy: () => 'Format the column of ids as text, enter or import the ids again, and save the CSV file.',
    example: { id: '1.23457E+11' },
  }),
  'device/duplicate': rule<{ id: string; first: string }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The same id appears twice for one hub. The last one would win.',
    message: ({ id, first }) => `device "${id}" is already declared at ${first}`,
    remedy: () => 'Remove one of the two, or give one of them another id or hub.',
    example: { id: 'edge-001', first: 'devices.yaml:12' },
  }),
  'device/case-collision': rule<{ id: string; other: string; first: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'For IoT Hub, EDGE-1 and edge-1 are two devices. For people and for folders on Windows they are the same. Their bundles get folders with different names.',
    message: ({ id, other, first }) => `device "${id}" differs from "${other}" (${first}) by upper and lower case only`,
    remedy: () => 'If you mean only one device, correct one of the ids.',
    example: { id: 'Edge-001', other: 'edge-001', first: 'devices.yaml:12' },
  }),
  'device/parent-unknown': rule<{ parent: string; hub: string | undefined }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'The parent of a nested device is not a device of this fleet on the same hub.',
    message: ({ parent, hub }) => `parent "${parent}" is not a device of this fleet on ${hub ?? 'the same hub'}`,
    remedy: ({ parent }) =>
      `Declare "${parent}" in a manifest of this run, correct its spelling, or remove the parent.`,
    example: { parent: 'gatway-01', hub: 'contoso.azure-devices.net' },
  }),
  'device/tags': rule<{ key: string; problem: TagProblem }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: twinFormat }],
    about:
      'IoT Hub refuses these tags: names with a dot, a dollar sign, a number sign, a space or a control character; lists; texts over 4 KB; integers beyond 2^52; more than 10 levels; more than 8 KB in total. `provisionIotEdge` and `provisionIotEdgeOwner` are reserved for this tool.',
    message: ({ key, problem }) => `${key} ${tagText(problem)}`,
    remedy: () => 'Rename or shorten the tag. In a CSV file, a dot in the name of a column begins a map.',
    example: { key: 'tags.site code', problem: { character: ' ' } },
  }),
  'device/not-checked': rule<{ why: string }>({
    severity: 'error',
    refusedBy: [manifest],
    about:
      'A check of this device or file failed without a result. This is a defect of this tool. Everything else is checked, and nothing is written.',
    message: ({ why }) => `this cannot be checked: ${why}`,
    remedy: () => 'Please report this with the text at this place. Until then, write the value in another way.',
    example: { why: 'Maximum call stack size exceeded' },
  }),
  'device/parent-cycle': rule<{ chain: readonly string[] }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'A device is its own parent through other parents. None of them could be created first.',
    message: ({ chain }) => `parents form a circle: ${chain.join(' → ')}`,
    remedy: () => 'Remove the parent of one of them.',
    example: { chain: ['gateway-01', 'gateway-02', 'gateway-01'] },
  }),
};

function idText(problem: IdProblem): string {
  if (problem === 'empty') return 'is empty';
  if ('length' in problem) {
    return `has ${problem.length} characters; IoT Hub allows 128, and a certificate's common name 64`;
  }
  if ('character' in problem) return `has ${shown(problem.character)}, which IoT Hub does not allow`;
  return `is the common name of ${problem.commonNameOf}`;
}

const tagWords = {
  'empty-name': 'has an empty name',
  'reserved-name': 'is kept by this tool',
  list: 'is a list, expected text, a number, true, false or a map of tags',
  'not-a-number': 'is not a number that JSON has',
} as const;

function tagText(problem: TagProblem): string {
  if (typeof problem === 'string') return tagWords[problem];
  if ('character' in problem) return `has ${shown(problem.character)} in its name, which IoT Hub does not allow`;
  if ('nameLimit' in problem) return `has a name of more than ${problem.nameLimit} bytes`;
  if ('levelLimit' in problem) return `lies deeper than ${problem.levelLimit} levels`;
  if ('bytes' in problem) {
    return `are ${problem.bytes} bytes with what is kept about them, expected at most ${problem.limit}`;
  }
  if ('textBytes' in problem) return `is text of ${problem.textBytes} bytes, expected at most ${problem.limit}`;
  const [least, most] = problem.range;
  return `is ${problem.integer}, expected at least ${least} and at most ${most}`;
}

function shown(character: string): string {
  return character === ' ' ? 'a space' : JSON.stringify(character);
}
