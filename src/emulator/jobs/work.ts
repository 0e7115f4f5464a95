import type { IdentityRegistry } from '../devices/registry.ts';

/** What a job does once its containers are known to be usable. */
export interface Work {
  /** How long the service is seen to be busy before the first line, in milliseconds. */
  readonly preparedFor: number;
  /** Does everything, in batches. Rejects if a container fails or the signal is aborted. */
  run(part: Working): Promise<void>;
}

export interface Working {
  readonly registry: IdentityRegistry;
  readonly signal: AbortSignal;
  /**
   * Called after each batch with its number of lines and the share of the whole that is done (0 to 1). Other calls are
   * handled before the job goes on.
   */
  readonly progressed: (lines: number, share: number) => Promise<void>;
}
