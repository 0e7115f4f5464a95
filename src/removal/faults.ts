import { faultRow, faultsOf } from '../model/fault-table.ts';
import type { SearchBound } from '../model/workspace.ts';

/** Why a file cannot be read as a manifest. `said` is the message of the reader. */
export type DoubtReason =
  | { readonly problem: 'unreadable'; readonly said: string }
  | { readonly problem: 'too-large'; readonly megabytes: number }
  /** Its devices are named by certificates, and the search for them ended early. */
  | { readonly problem: 'not-searched'; readonly bound: SearchBound }
  /** The search for manifests in the workspace ended early. */
  | { readonly problem: 'not-listed'; readonly bound: SearchBound };

export const removalFaults = {
  'may-be-declared': faultRow<{ id: string; others: number; file: string; why: DoubtReason }>({
    message: ({ id, others, file, why }) =>
      `device "${id}" would be removed${others === 0 ? '' : `, as ${others} more`}, and ${why.problem === 'not-listed' ? 'a file that was not seen may declare it' : `${file}, which may declare it, cannot be read`}: ${reasonText(why)}`,
    remedy: ({ file, why }) =>
      why.problem === 'not-listed'
        ? 'Run it in a workspace that holds the repository alone, or leave prune out of this run.'
        : `Fix ${file} or remove the device from it. Or run without prune.`,
    example: {
      id: 'edge-007',
      others: 2,
      file: 'other/devices.yaml',
      why: { problem: 'unreadable', said: 'line 3: it is not YAML' },
    },
  }),
};

function reasonText(why: DoubtReason): string {
  switch (why.problem) {
    case 'unreadable':
      return why.said;
    case 'too-large':
      return `it is larger than ${why.megabytes} MB`;
    case 'not-searched':
      return `the search for its certificates ended after ${why.bound.most} ${why.bound.of}`;
    case 'not-listed':
      return `the search for manifests ended after ${why.bound.most} ${why.bound.of}`;
  }
}

export const removalFault = faultsOf(removalFaults);
