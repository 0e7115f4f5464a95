import { faultRow, faultsOf } from '../model/fault-table.ts';

export const removalFaults = {
  'may-be-declared': faultRow<{ id: string; others: number; file: string; why: string }>({
    message: ({ id, others, file, why }) =>
      `device "${id}" would be removed${others === 0 ? '' : `, as ${others} more`}, and ${file}, which may declare it, cannot be read: ${why}`,
    remedy: ({ file }) => `Mend ${file}, or take the device out of it; or leave prune out of this run.`,
    example: { id: 'edge-007', others: 2, file: 'other/devices.yaml', why: 'line 3: it is no YAML' },
  }),
};

export const removalFault = faultsOf(removalFaults);
