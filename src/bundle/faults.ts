import { faultRow, faultsOf } from '../model/fault-table.ts';

/** Why bundles cannot be written although their folder is a good choice. */
export type Obstacle =
  /** What the operating system says. */
  | { readonly kind: 'system'; readonly message: string }
  | { readonly kind: 'not-a-folder'; readonly path: string }
  | { readonly kind: 'unsafe-name'; readonly name: string }
  /** Something outside of this run removed the folder that was being built. */
  | { readonly kind: 'removed'; readonly path: string }
  /** Other runs put their own folder there again and again. */
  | { readonly kind: 'contended' };

/** An obstacle where it is found. `writeBundles` turns it into a fault that names the output directory. */
export class ObstacleError extends Error {
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle) {
    super(wordsOf(obstacle));
    this.obstacle = obstacle;
  }
}

function wordsOf(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'system':
      return obstacle.message;
    case 'not-a-folder':
      return `${obstacle.path} is not a folder`;
    case 'unsafe-name':
      return `unsafe name ${JSON.stringify(obstacle.name)}`;
    case 'removed':
      return `${obstacle.path} was removed while it was written`;
    case 'contended':
      return 'other runs keep replacing it';
  }
}

const misplacements = {
  relative: 'the path is not absolute',
  'file-system-root': 'it is the root of the file system',
  workspace: 'it is the workspace itself, and would be replaced whole',
  'above-workspace': 'the workspace lies in it, and would be replaced with it',
  'in-git': 'it lies in .git, which belongs to git alone',
} as const;

const occupants = { link: 'is a link', file: 'is not a folder' } as const;

const unwritable = (directory: string, why: string) => `the bundles cannot be written to ${directory}: ${why}`;
const chooseAnother = () => 'Choose a folder for the bundles alone: output-directory: device-bundles.';

export const bundleFaults = {
  'output-misplaced': faultRow<{ directory: string; place: keyof typeof misplacements }>({
    kind: 'usage',
    message: ({ directory, place }) => unwritable(directory, misplacements[place]),
    remedy: chooseAnother,
    example: { directory: '/repository', place: 'workspace' },
  }),
  'output-name-too-long': faultRow<{ directory: string; limit: number }>({
    kind: 'usage',
    message: ({ directory, limit }) => unwritable(directory, `its name is longer than ${limit} bytes`),
    remedy: chooseAnother,
    example: { directory: '/repository/a-name-of-more-than-200-bytes', limit: 200 },
  }),
  'output-leads-out': faultRow<{ directory: string; target: string }>({
    kind: 'usage',
    message: ({ directory, target }) => unwritable(directory, `a link leads it out of the workspace, to ${target}`),
    remedy: chooseAnother,
    example: { directory: '/repository/link/bundles', target: '/elsewhere/bundles' },
  }),
  'output-occupied': faultRow<{ folder: string; by: keyof typeof occupants }>({
    kind: 'usage',
    message: ({ folder, by }) => `${folder} ${occupants[by]}; it would be replaced whole`,
    remedy: chooseAnother,
    example: { folder: '/repository/device-bundles', by: 'link' },
  }),
  'output-not-ours': faultRow<{ folder: string; marker: string }>({
    kind: 'usage',
    message: ({ folder, marker }) =>
      `${folder} is not empty and was not made here (no ${marker} in it); it would be replaced whole`,
    remedy: chooseAnother,
    example: { folder: '/repository/thesis', marker: '.provision-iot-edge' },
  }),
  'output-unwritable': faultRow<{ directory: string; obstacle: Obstacle }>({
    message: ({ directory, obstacle }) => unwritable(directory, wordsOf(obstacle)),
    remedy: () => 'Check that the folder above it exists, can be written to and has room, or choose another one.',
    example: { directory: '/file/device-bundles', obstacle: { kind: 'not-a-folder', path: '/file' } },
  }),
  /** `message` is what rendering threw: validation let such a device pass, so it is a mistake of ours. */
  'bundles-unrendered': faultRow<{
    devices: readonly { readonly device: string; readonly message: string }[];
    more: number;
  }>({
    message: ({ devices, more }) => {
      const named = devices.map(({ device, message }) => `${device} (${message})`).join(', ');
      return `the bundles of these devices cannot be rendered, and are left out: ${named}${more === 0 ? '' : `, and ${more} more`}`;
    },
    remedy: () =>
      'Please report it, with what the manifest says of such a device; render writes the files again later.',
    example: { devices: [{ device: 'edge-001', message: 'DEVICE holds a NUL' }], more: 2 },
  }),
};

export const bundleFault = faultsOf(bundleFaults);
