import { backoff, brokenRest } from '../../model/backoff.ts';
import { type Fault, messageOf } from '../../model/fault.ts';
import type { HubEndpoint } from '../../model/hub-name.ts';
import { cutShort, type Stop } from '../../model/stop.ts';
import { callFault } from '../calls/faults.ts';
import { refusal } from '../calls/refusal.ts';
import { described, type NotAnswered, quotable, type Reply } from '../calls/reply.ts';
import type { HubCalls, JobRequest } from '../calls/sdk.ts';
import { isLasting, isUnsent, unreachable } from '../calls/unreachable.ts';
import { secondsUnheard, waitingLines } from '../calls/waiting.ts';
import { isRecord, plainText } from '../calls/wire.ts';
import type { HubCredential } from '../credential.ts';
import { importFault } from './faults.ts';
import type { ImportContainer } from './import-container.ts';
import { importProgress, unknownOutcome } from './progress.ts';

export interface JobsParts {
  readonly host: HubEndpoint;
  readonly credential: HubCredential;
  /** Host and port of the proxy to the hub, if one is used. */
  readonly proxy: string | undefined;
  readonly calls: HubCalls;
  readonly container: ImportContainer;
  readonly random: () => number;
  /** Gets a sentence about what the run waits for. */
  readonly waiting: (text: string) => void;
}

export interface JobsOptions {
  /** Rejects when the run is stopped. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly tell: (text: string) => void;
}

export interface Started {
  readonly jobId: string;
  /** A try before this one got no answer, and may have started a job too. */
  readonly doubtful: boolean;
}

const mostTries = 6;
/** The hub sees a new role after about half a minute. */
const roleTries = 5;
const roleWait = 15_000;
const quotaWait = 30_000;
/** Tells every ten minutes that the run waits. */
const quotaWaitsTold = 20;
const firstPoll = 1_000;
const longestPoll = 30_000;
const mostPollsInVain = 20;

/** The import jobs of a hub. A hub carries out one at a time. */
export class Jobs {
  readonly #parts: JobsParts;
  readonly #options: JobsOptions;

  constructor(parts: JobsParts, options: JobsOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * Starts a job as soon as no other runs. Rejects if no job was started. `lost`: why it is not known whether one was
   * started.
   */
  async start(job: JobRequest, stop: Stop): Promise<Started | { readonly lost: string }> {
    const { calls, random } = this.#parts;
    const { pause } = this.#options;
    let doubtful = false;
    let tries = 0;
    let waits = 0;
    try {
      for (;;) {
        const reply = await cutShort(stop.overdue, calls.createJob(job), () => undefined);
        if (reply === undefined) return { lost: stop.fault().message };
        if (reply.kind === 'answered') return { jobId: this.#idIn(reply), doubtful };
        if (isQuota(reply)) {
          const running = doubtful ? await this.#running(job) : undefined;
          if (running !== undefined) return { jobId: running, doubtful };
          await this.#waitForOther(waits++);
          continue;
        }
        tries += 1;
        this.#tellSilence(reply);
        doubtful ||= mayBeStarted(reply);
        const wait = this.#waitAfter(reply, job, tries, random);
        if (wait === undefined) throw await this.#fault(reply, job);
        await pause(wait);
      }
    } catch (thrown) {
      if (!doubtful) throw thrown;
      return { lost: unknownOutcome.startUnknown(messageOf(thrown)) };
    }
  }

  /** Waits for the end of a job. Gives why it broke off, or `undefined` if it is completed. */
  async ended(jobId: string): Promise<string | undefined> {
    const { calls, host } = this.#parts;
    const { pause, tell } = this.#options;
    let inVain = 0;
    let told = 0;
    for (let wait = firstPoll; ; wait = Math.min(wait * 1.5, longestPoll)) {
      await pause(wait);
      const reply = await calls.job(jobId);
      if (reply.kind !== 'answered') {
        inVain += 1;
        this.#tellSilence(reply);
        if (isPassing(reply) && inVain < mostPollsInVain) continue;
        return unknownOutcome.noStatus(jobId, failureOf(reply));
      }
      inVain = 0;
      const { status, progress, failureReason } = isRecord(reply.body) ? reply.body : {};
      if (status === 'completed') return undefined;
      if (status === 'failed' || status === 'cancelled') {
        const why = typeof failureReason === 'string' ? quotable(failureReason) : undefined;
        return unknownOutcome[status](jobId, why);
      }
      if (typeof progress === 'number' && progress >= told + 5) {
        told = progress;
        tell(importProgress.percent(host, progress));
      }
    }
  }

  #tellSilence(reply: NotAnswered): void {
    const { host, waiting } = this.#parts;
    const seconds = secondsUnheard(reply);
    if (seconds !== undefined) waiting(waitingLines['no-answer']({ host, seconds }));
  }

  async #waitForOther(waits: number): Promise<void> {
    const { tell, pause } = this.#options;
    if (waits % quotaWaitsTold === 0) tell(importProgress.waitingForJob(this.#parts.host));
    await pause(quotaWait);
  }

  /** How long to wait before another try, in milliseconds. `undefined` if another try cannot succeed. */
  #waitAfter(reply: NotAnswered, job: JobRequest, tries: number, random: () => number): number | undefined {
    if (isContainerRefusal(reply)) {
      return job.storageAuthenticationType === 'identityBased' && tries < roleTries ? roleWait : undefined;
    }
    if (tries >= mostTries || !isPassing(reply)) return undefined;
    const throttled = reply.kind === 'refused' && reply.status === 429;
    return backoff(throttled ? reply.rest : brokenRest, tries, random);
  }

  /**
   * The id of a running job that uses our container. We hold the container, so it is the job whose start was not
   * answered.
   */
  async #running({ inputBlobContainerUri }: JobRequest): Promise<string | undefined> {
    const reply = await this.#parts.calls.jobs();
    const jobs = reply.kind === 'answered' && Array.isArray(reply.body) ? reply.body.filter(isRecord) : [];
    const [url] = inputBlobContainerUri.split('?');
    const ours = jobs.find(({ status, outputBlobContainerUri: uri }) => {
      return !/^(completed|failed|cancelled)$/.test(plainText(status)) && plainText(uri).split('?')[0] === url;
    });
    return typeof ours?.jobId === 'string' ? ours.jobId : undefined;
  }

  #idIn({ body }: Extract<Reply, { kind: 'answered' }>): string {
    if (isRecord(body) && typeof body.jobId === 'string') return body.jobId;
    throw callFault('misunderstood', { host: this.#parts.host, expected: 'import-job' });
  }

  async #fault(reply: NotAnswered, job: JobRequest): Promise<Fault> {
    const { host, credential, proxy, container } = this.#parts;
    if (reply.kind === 'unanswered') return unreachable(reply.failure, host, proxy);
    if (!isContainerRefusal(reply)) return refusal(reply, { credential, right: 'Import Jobs', known: true });
    const byIdentity = job.storageAuthenticationType === 'identityBased';
    const details = { host, url: container.url, answer: described(reply) };
    return importFault(byIdentity ? 'hub-identity-refused' : 'hub-signature-refused', details);
  }
}

function isQuota(reply: NotAnswered): boolean {
  return reply.kind === 'refused' && /^(JobQuotaExceeded|403003)$/.test(reply.error.code);
}

function isContainerRefusal(reply: NotAnswered): boolean {
  return reply.kind === 'refused' && reply.error.code === 'BlobContainerValidationError';
}

function mayBeStarted(reply: NotAnswered): boolean {
  return reply.kind === 'unanswered' ? !isUnsent(reply.failure) : reply.status >= 500;
}

function isPassing(reply: NotAnswered): boolean {
  // The hub was read before, so its name is right.
  if (reply.kind === 'unanswered') return !isLasting(reply.failure, true);
  return reply.status === 429 || reply.status >= 500;
}

function failureOf(reply: NotAnswered): string {
  return reply.kind === 'unanswered' ? reply.failure.message : described(reply);
}
