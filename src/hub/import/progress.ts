/** Something in the import container that could not be deleted. */
export type LeftBehind = { readonly blob: string } | 'lock';

/** What a run tells while an import job goes on. `devices` counts devices. */
export const importProgress = {
  sending: (devices: number) => `sending ${counted(devices)} to the import container`,
  importing: (host: string, devices: number, jobId: string) =>
    `${host} imports ${counted(devices)} by the job ${jobId}`,
  percent: (host: string, percent: number) => `${host} imports: ${percent}%`,
  waitingForJob: (host: string) =>
    `another import or export job runs on ${host}, which carries out one at a time: waiting`,
  waitingForRun: () => 'another run uses the import container: waiting until it has ended',
  /** `why` is the message of the fault. */
  leftBehind: (what: LeftBehind, why: string) =>
    `left in the import container, to be deleted by hand: ${what === 'lock' ? 'its lock' : what.blob} (${why})`,
} as const;

/**
 * Why it is not known what an import job did with the devices. `why` is the message of a fault, or the hub's own text.
 */
export const unknownOutcome = {
  startUnknown: (why: string) => `whether an import job was started is not known: ${why}`,
  failed: (jobId: string, why: string | undefined) => `${job(jobId)} failed${why === undefined ? '' : `: ${why}`}`,
  cancelled: (jobId: string, why: string | undefined) =>
    `${job(jobId)} was cancelled${why === undefined ? '' : `: ${why}`}`,
  noStatus: (jobId: string, why: string) => `${job(jobId)} could not be asked for any more: ${why}`,
  askingFailed: (why: string) => `the import job could not be asked for: ${why}`,
  errorsUnread: (jobId: string, why: string) => `${job(jobId)} is completed, but its errors cannot be read: ${why}`,
  containerShared: (jobId: string) => `${job(jobId)} is completed, but another run may have taken the container`,
  stopped: (jobId: string, why: string, cancelled: boolean) =>
    cancelled
      ? `${why}; ${job(jobId)} was cancelled, and what it had written by then stays`
      : `${why}; ${job(jobId)} could not be cancelled and goes on by itself; run again when it has ended`,
} as const;

function counted(devices: number): string {
  return devices === 1 ? '1 device' : `${devices.toLocaleString('en-US')} devices`;
}

function job(id: string): string {
  return `the import job ${id}`;
}
