import { randomUUID } from 'node:crypto';
import { messageOf } from '../../model/fault.ts';
import { type Importer, type ImportWatch, idOf, type RegistryWrite, type WriteAnswer } from '../../model/registry.ts';
import { cutShort, unlessStopped } from '../../model/stop.ts';
import { answersByDevice, deviceErrors } from '../bulk.ts';
import type { HubCalls } from '../calls/sdk.ts';
import type { HubCredential } from '../credential.ts';
import type { TokenSource } from '../entra/token.ts';
import { importFault } from './faults.ts';
import type { ImportContainer } from './import-container.ts';
import { importBytes } from './import-lines.ts';
import { Jobs, type JobsParts, type Started } from './jobs.ts';
import { importProgress, type LeftBehind, unknownOutcome } from './progress.ts';
import { type Hold, openStorage, type Storage, type StorageOptions } from './storage.ts';

export interface ImportParts extends JobsParts {
  readonly storage: StorageOptions;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The hub always writes the errors of a job to this blob. So a container can serve only one job at a time. */
const errorsName = 'importErrors.log';
const holdWait = 30_000;

/** Opens the importer of a hub. Makes no call. */
export function openImporter(parts: ImportParts): Importer {
  return {
    async write(writes, watch) {
      if (writes.length === 0) return [];
      const storage = await openStorage(parts.container, parts.storage);
      try {
        return await new ImportRun(parts, storage, writes, watch).carryOut();
      } finally {
        storage.close();
      }
    },
  };
}

/**
 * Gives the tokens for the container, or `undefined` if its URL is signed. Throws a usage `Fault` if the run cannot
 * sign in to it.
 */
export function storageTokenFor(
  { url, signature }: ImportContainer,
  credential: HubCredential,
): TokenSource | undefined {
  if (signature !== undefined) return undefined;
  if (credential.kind === 'entra' && credential.storageToken !== undefined) return credential.storageToken;
  throw importFault('no-storage-sign-in', { url, host: credential.host });
}

/** One job, from the upload of the devices to the answers. Cleans up the container however the job ends. */
class ImportRun {
  readonly #parts: ImportParts;
  readonly #storage: Storage;
  readonly #writes: readonly RegistryWrite[];
  readonly #watch: ImportWatch;
  /** Random, so that it is not the blob of another run or one that was left behind. */
  readonly #name = `provision-iot-edge-${randomUUID()}.txt`;
  /** Whether this run held the container without a break. If not, the errors may be those of another job. */
  #kept = true;

  constructor(parts: ImportParts, storage: Storage, writes: readonly RegistryWrite[], watch: ImportWatch) {
    this.#parts = parts;
    this.#storage = storage;
    this.#writes = writes;
    this.#watch = watch;
  }

  async carryOut(): Promise<readonly WriteAnswer[]> {
    const { stop, tell } = this.#watch;
    const storage = this.#storage;
    try {
      tell(importProgress.sending(this.#writes.length));
      const bytes = importBytes(this.#writes);
      await unlessStopped(stop, () => storage.upload(this.#name, bytes, stop.asked));
      const hold = await this.#hold();
      try {
        // A job without errors writes no errors, so those of an earlier job would be taken for ours.
        await unlessStopped(stop, () => storage.remove(errorsName));
        return await this.#import(hold);
      } finally {
        await this.#cleaned({ blob: errorsName }, () => storage.remove(errorsName));
        await this.#cleaned('lock', () => hold.release());
      }
    } finally {
      await this.#cleaned({ blob: this.#name }, () => storage.remove(this.#name));
    }
  }

  async #import(hold: Hold): Promise<readonly WriteAnswer[]> {
    const { host, container, calls } = this.#parts;
    const { tell, stop } = this.#watch;
    const pause = (milliseconds: number) => this.#pause(milliseconds, hold);
    const jobs = new Jobs(this.#parts, { pause, tell });
    const started = await jobs.start(importJob(container, this.#name), stop);
    if ('lost' in started) return this.#unknown(started.lost);
    tell(importProgress.importing(host, this.#writes.length, started.jobId));
    try {
      const broken = await jobs.ended(started.jobId);
      return broken === undefined ? await this.#answers(started) : this.#unknown(broken);
    } catch (thrown) {
      if (!stop.asked.aborted) return this.#unknown(unknownOutcome.askingFailed(messageOf(thrown)));
      const cancelled = await this.#cancelled(started.jobId, calls);
      return this.#unknown(unknownOutcome.stopped(started.jobId, stop.fault().message, cancelled));
    }
  }

  /** Gives the answer for each device once the job is completed. */
  async #answers({ jobId, doubtful }: Started): Promise<readonly WriteAnswer[]> {
    const entries: unknown[] = [];
    try {
      for await (const line of this.#storage.lines(errorsName)) if (line.trim() !== '') entries.push(parsed(line));
    } catch (thrown) {
      return this.#unknown(unknownOutcome.errorsUnread(jobId, messageOf(thrown)));
    }
    if (!this.#kept) return this.#unknown(unknownOutcome.containerShared(jobId));
    const answers = answersByDevice(this.#writes, { successful: true, errors: deviceErrors(entries) });
    if (!doubtful) return answers;
    // An earlier job, whose start was not answered, may have written these devices.
    return answers.map((answer) => {
      if (answer.answer !== 'refused' || !/^(exists|absent|changed)$/.test(answer.code)) return answer;
      return { id: answer.id, answer: 'unanswered', message: answer.message };
    });
  }

  /**
   * Cancels the job of a stopped run, so that nothing goes on after the run. The next run reads what the job has
   * written.
   */
  async #cancelled(jobId: string, calls: HubCalls): Promise<boolean> {
    try {
      const reply = await cutShort(this.#watch.stop.overdue, calls.cancelJob(jobId), () => undefined);
      return reply?.kind === 'answered' || (reply?.kind === 'refused' && reply.status === 404);
    } catch {
      return false;
    }
  }

  async #hold(): Promise<Hold> {
    const { stop, tell } = this.#watch;
    for (let told = false; ; told = true) {
      const hold = await unlessStopped(stop, () => this.#storage.hold());
      if (hold !== undefined) return hold;
      if (!told) tell(importProgress.waitingForRun());
      await unlessStopped(stop, () => this.#parts.sleep(holdWait));
    }
  }

  async #pause(milliseconds: number, hold: Hold): Promise<void> {
    const { stop } = this.#watch;
    await unlessStopped(stop, () => this.#parts.sleep(milliseconds));
    this.#kept = (await unlessStopped(stop, () => hold.renew())) && this.#kept;
  }

  /** Tells what cannot be cleaned up. This does not fail the run. */
  async #cleaned(what: LeftBehind, work: () => Promise<void>): Promise<void> {
    const { stop, tell } = this.#watch;
    try {
      await cutShort(stop.overdue, work(), () => {
        throw stop.fault();
      });
    } catch (thrown) {
      tell(importProgress.leftBehind(what, messageOf(thrown)));
    }
  }

  #unknown(message: string): readonly WriteAnswer[] {
    return this.#writes.map((write) => ({ id: idOf(write), answer: 'unanswered', message }));
  }
}

/** The body of `POST /jobs/create`. */
function importJob({ url, signature }: ImportContainer, inputBlobName: string) {
  const uri = signature === undefined ? url : `${url}?${signature}`;
  return {
    type: 'import',
    inputBlobContainerUri: uri,
    outputBlobContainerUri: uri,
    inputBlobName,
    storageAuthenticationType: signature === undefined ? 'identityBased' : 'keyBased',
  } as const;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // It names no device that we wrote, so no answer without an error is trusted.
  }
}
