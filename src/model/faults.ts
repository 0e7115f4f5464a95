import { faultRow, faultsOf } from './fault-table.ts';

export const modelFaults = {
  'impossible-capacity': faultRow<{ option: string; given: string; sizes: string }>({
    kind: 'usage',
    message: ({ option, given, sizes }) => `${option}: ${JSON.stringify(given)} is not ${sizes}`,
    remedy: ({ option, sizes }) => `Give ${option} ${sizes}.`,
    example: { option: '--capacity', given: 'S4x1', sizes: 'S1x1 to S1x200, or F1x1' },
  }),
  stopped: faultRow<{ why?: string }>({
    kind: 'stopped',
    message: ({ why = 'it was told to' }) => `the run was stopped: ${why}`,
    remedy: () => 'Run it again: it does the rest, and nothing twice.',
    example: { why: 'SIGTERM' },
  }),
};

export const modelFault = faultsOf(modelFaults);
