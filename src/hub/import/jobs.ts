import { backoff, brokenRest } from '../../model/backoff.ts';
import { Fault, messageOf } from '../../model/fault.ts';
import type { HubHost } from '../../model/fleet.ts';
import { cutShort, type Stop } from '../../model/stop.ts';
import { misunderstood, refusal } from '../calls/refusal.ts';
import { described, type NotAnswered, quotable, type Reply } from '../calls/reply.ts';
import type { HubCalls, JobRequest } from '../calls/sdk.ts';
import { isLasting, isUnsent, unreachable } from '../calls/unreachable.ts';
import { isRecord } from '../calls/wire.ts';
import type { HubCredential } from '../credential.ts';
import type { ImportContainer } from './import-container.ts';

export interface JobsParts {
  readonly host: HubHost;
  readonly credential: HubCredential;
  /** Host and port of the proxy to the hub, if there is one. */
  readonly proxy: string | undefined;
  readonly calls: HubCalls;
  readonly container: ImportContainer;
  readonly random: () => number;
}

export interface JobsOptions {
  /** Rejects when the run is stopped. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly tell: (text: string) => void;
}

export interface Started {
  readonly jobId: string;
  /** Another one may have been started before, which nobody told us of. */
  readonly doubtful: boolean;
}

const mostTries = 6;
/** A new role takes some half a minute to be seen by the hub. */
const roleTries = 5;
const roleWait = 15_000;
const quotaWait = 30_000;
/** Every ten minutes. */
const quotaWaitsTold = 20;
const firstPoll = 1_000;
const longestPoll = 30_000;
const mostPollsInVain = 20;

/** The jobs of a hub: one at a time. */
export class Jobs {
  readonly #parts: JobsParts;
  readonly #options: JobsOptions;

  constructor(parts: JobsParts, options: JobsOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Starts a job, when no other runs. Rejects where none was; `lost`: why nobody knows whether one was. */
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
        doubtful ||= mayBeStarted(reply);
        const wait = this.#waitAfter(reply, job, tries, random);
        if (wait === undefined) throw await this.#fault(reply, job);
        await pause(wait);
      }
    } catch (thrown) {
      if (!doubtful) throw thrown;
      return { lost: `whether an import job was started is not known: ${messageOf(thrown)}` };
    }
  }

  /** Waits for the end of a job; gives why it broke off, and nothing of one that is completed. */
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
        if (isPassing(reply) && inVain < mostPollsInVain) continue;
        return `the import job ${jobId} could not be asked for any more: ${failureOf(reply)}`;
      }
      inVain = 0;
      const { status, progress, failureReason } = isRecord(reply.body) ? reply.body : {};
      if (status === 'completed') return undefined;
      if (status === 'failed' || status === 'cancelled') {
        const why = typeof failureReason === 'string' ? `: ${quotable(failureReason)}` : '';
        return `the import job ${jobId} ${status === 'failed' ? 'failed' : 'was cancelled'}${why}`;
      }
      if (typeof progress === 'number' && progress >= told + 5) {
        told = progress;
        tell(`${host} imports: ${progress}%`);
      }
    }
  }

  async #waitForOther(waits: number): Promise<void> {
    const { tell, pause } = this.#options;
    if (waits % quotaWaitsTold === 0)
      tell(`another import or export job runs on ${this.#parts.host}, which carries out one at a time: waiting`);
    await pause(quotaWait);
  }

  /** How long to wait before another try; nothing where it is no use. */
  #waitAfter(reply: NotAnswered, job: JobRequest, tries: number, random: () => number): number | undefined {
    if (isContainerRefusal(reply)) {
      return job.storageAuthenticationType === 'identityBased' && tries < roleTries ? roleWait : undefined;
    }
    if (tries >= mostTries || !isPassing(reply)) return undefined;
    const throttled = reply.kind === 'refused' && reply.status === 429;
    return backoff(throttled ? reply.rest : brokenRest, tries, random);
  }

  /** A job that uses our container, while it is ours: the one whose start was not answered. */
  async #running({ inputBlobContainerUri }: JobRequest): Promise<string | undefined> {
    const reply = await this.#parts.calls.jobs();
    const jobs = reply.kind === 'answered' && Array.isArray(reply.body) ? reply.body.filter(isRecord) : [];
    const [url] = inputBlobContainerUri.split('?');
    const ours = jobs.find(({ status, outputBlobContainerUri: uri }) => {
      return !/^(completed|failed|cancelled)$/.test(String(status)) && String(uri).split('?')[0] === url;
    });
    return typeof ours?.jobId === 'string' ? ours.jobId : undefined;
  }

  #idIn({ body }: Extract<Reply, { kind: 'answered' }>): string {
    if (isRecord(body) && typeof body.jobId === 'string') return body.jobId;
    throw misunderstood(this.#parts.host, 'an import job');
  }

  async #fault(reply: NotAnswered, job: JobRequest): Promise<Fault> {
    const { host, credential, proxy, container } = this.#parts;
    if (reply.kind === 'unanswered') return unreachable(reply.failure, host, proxy);
    if (!isContainerRefusal(reply)) return refusal(reply, { credential, right: 'Import Jobs', known: true });
    const message = `${host} may not use the import container ${container.url} (${described(reply)})`;
    const name = host.replace(/[.:].*$/, '');
    if (job.storageAuthenticationType === 'identityBased') {
      return new Fault(
        message,
        `Give the hub an identity of its own, and that the role Storage Blob Data Contributor on the container: az iot hub identity assign --name ${name} --system-assigned --role "Storage Blob Data Contributor" --scopes "$(az storage account show --name ACCOUNT --query id --output tsv)".`,
      );
    }
    return new Fault(
      message,
      'The hub uses the same signature (SAS) as the run: it needs the rights rwd, and has to outlive the job. A storage account whose firewall is closed lets a hub in by the identity of the hub alone: give the container without a signature.',
    );
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
  // The hub was read before: so its name is right.
  if (reply.kind === 'unanswered') return !isLasting(reply.failure, true);
  return reply.status === 429 || reply.status >= 500;
}

function failureOf(reply: NotAnswered): string {
  return reply.kind === 'unanswered' ? reply.failure.message : described(reply);
}
