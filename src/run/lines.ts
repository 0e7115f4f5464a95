/** The texts of a run in the log, except those of the report, of faults and of progress. */
export const runLines = {
  'plan-without-hub-title': () => 'plan without a hub',

  /** `reason` says why the run cannot sign in. */
  'only-validated': ({ reason }: Reason) => `Only validated, not planned: ${reason}.`,

  'not-compared-title': () => 'configuration',

  'not-compared': ({ reason }: Reason) => `What devices would run is not compared with the base: ${reason}.`,

  'base-missing': () => 'the commit is not there; write "with: { fetch-depth: 2 }" in the step actions/checkout',

  'before-unread-title': () => 'certificates',

  'before-unread': ({ reason }: Reason) =>
    `Which certificates the devices carry is not known, because the commit before cannot be read: ${reason}.`,

  'times-unread': ({ reason }: Reason) =>
    `Which devices were inactive since a certificate was merged is not known, because the history cannot be read: ${reason}.`,

  'artifacts-title': () => 'artifacts',

  /** Why a run was stopped. */
  'time-limit-over': ({ minutes }: { readonly minutes: number }) =>
    `the time limit of ${minutes} minute${minutes === 1 ? '' : 's'} is over`,
};

interface Reason {
  readonly reason: string;
}
