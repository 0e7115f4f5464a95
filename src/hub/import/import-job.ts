import { randomUUID } from 'node:crypto';
import { Fault, messageOf } from '../../model/fault.ts';
import { type Importer, type ImportWatch, idOf, type RegistryWrite, type WriteAnswer } from '../../model/registry.ts';
import { cutShort, unlessStopped } from '../../model/stop.ts';
import { answersByDevice, deviceErrors } from '../bulk.ts';
import type { HubCalls } from '../calls/sdk.ts';
import type { HubCredential } from '../credential.ts';
import type { TokenSource } from '../entra/token.ts';
import { type ImportContainer, newSignature } from './import-container.ts';
import { importBytes } from './import-lines.ts';
import { Jobs, type JobsParts, type Started } from './jobs.ts';
import { type Hold, openStorage, type Storage, type StorageOptions } from './storage.ts';

export interface ImportParts extends JobsParts {
  readonly storage: StorageOptions;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The errors of a job lie under this name, whatever the input's: so a container is for one job at a time. */
const errorsName = 'importErrors.log';
const holdWait = 30_000;

/** The importer of a hub; makes no call yet. */
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

/** What signs the run in to the container; nothing where the container's URL does. Throws a usage `Fault` where nothing can. */
export function storageTokenFor(
  { url, signature }: ImportContainer,
  credential: HubCredential,
): TokenSource | undefined {
  if (signature !== undefined) return undefined;
  if (credential.kind === 'entra' && credential.storageToken !== undefined) return credential.storageToken;
  throw new Fault(
    `the import container ${url} has no signature (SAS), and the connection string of ${credential.host} does not sign in to storage`,
    `Sign in by Entra (client-id and tenant-id, or az login), or add a signature to import-container. ${newSignature}`,
    { kind: 'usage' },
  );
}

/** One job, from the devices that are sent up to the answers, with everything cleaned up however it ends. */
class ImportRun {
  readonly #parts: ImportParts;
  readonly #storage: Storage;
  readonly #writes: readonly RegistryWrite[];
  readonly #watch: ImportWatch;
  /** Of no other run, nor of one that has left its blob behind. */
  readonly #name = `provision-iot-edge-${randomUUID()}.txt`;
  /** Whether the container was ours without a break: else the errors may be those of another job. */
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
      tell(`sending ${this.#devices()} to the import container`);
      const bytes = importBytes(this.#writes);
      await unlessStopped(stop, () => storage.upload(this.#name, bytes, stop.asked));
      const hold = await this.#hold();
      try {
        // Those of an earlier job must not be taken for ours: without errors a job writes none.
        await unlessStopped(stop, () => storage.remove(errorsName));
        return await this.#import(hold);
      } finally {
        await this.#cleaned(errorsName, () => storage.remove(errorsName));
        await this.#cleaned('its lock', () => hold.release());
      }
    } finally {
      await this.#cleaned(this.#name, () => storage.remove(this.#name));
    }
  }

  async #import(hold: Hold): Promise<readonly WriteAnswer[]> {
    const { host, container, calls } = this.#parts;
    const { tell, stop } = this.#watch;
    const pause = (milliseconds: number) => this.#pause(milliseconds, hold);
    const jobs = new Jobs(this.#parts, { pause, tell });
    const started = await jobs.start(importJob(container, this.#name), stop);
    if ('lost' in started) return this.#unknown(started.lost);
    tell(`${host} imports ${this.#devices()} by the job ${started.jobId}`);
    try {
      const broken = await jobs.ended(started.jobId);
      return broken === undefined ? await this.#answers(started) : this.#unknown(broken);
    } catch (thrown) {
      if (!stop.asked.aborted) return this.#unknown(`the import job could not be asked for: ${messageOf(thrown)}`);
      return this.#unknown(`${stop.fault().message}; ${await this.#cancelled(started.jobId, calls)}`);
    }
  }

  /** What became of each device once its job is completed. */
  async #answers({ jobId, doubtful }: Started): Promise<readonly WriteAnswer[]> {
    const entries: unknown[] = [];
    try {
      for await (const line of this.#storage.lines(errorsName)) if (line.trim() !== '') entries.push(parsed(line));
    } catch (thrown) {
      return this.#unknown(`the import job ${jobId} is completed, but its errors cannot be read: ${messageOf(thrown)}`);
    }
    if (!this.#kept) {
      return this.#unknown(`the import job ${jobId} is completed, but another run may have taken the container`);
    }
    const answers = answersByDevice(this.#writes, { successful: true, errors: deviceErrors(entries) });
    if (!doubtful) return answers;
    // An earlier job that was asked for without an answer may be why.
    return answers.map((answer) => {
      if (answer.answer !== 'refused' || !/^(exists|absent|changed)$/.test(answer.code)) return answer;
      return { id: answer.id, answer: 'unanswered', message: answer.message };
    });
  }

  /** A stop ends the job too: nothing of a run goes on when the run is over, and what is half done the next one reads. */
  async #cancelled(jobId: string, calls: HubCalls): Promise<string> {
    const goesOn = `the import job ${jobId} could not be cancelled and goes on by itself; run again when it has ended`;
    try {
      const reply = await cutShort(this.#watch.stop.overdue, calls.cancelJob(jobId), () => undefined);
      const gone = reply?.kind === 'answered' || (reply?.kind === 'refused' && reply.status === 404);
      return gone ? `the import job ${jobId} was cancelled, and what it had written by then stays` : goesOn;
    } catch {
      return goesOn;
    }
  }

  async #hold(): Promise<Hold> {
    const { stop, tell } = this.#watch;
    for (let told = false; ; told = true) {
      const hold = await unlessStopped(stop, () => this.#storage.hold());
      if (hold !== undefined) return hold;
      if (!told) tell('another run uses the import container: waiting until it has ended');
      await unlessStopped(stop, () => this.#parts.sleep(holdWait));
    }
  }

  async #pause(milliseconds: number, hold: Hold): Promise<void> {
    const { stop } = this.#watch;
    await unlessStopped(stop, () => this.#parts.sleep(milliseconds));
    this.#kept = (await unlessStopped(stop, () => hold.renew())) && this.#kept;
  }

  /** What cannot be cleaned up is no reason to fail. */
  async #cleaned(what: string, work: () => Promise<void>): Promise<void> {
    const { stop, tell } = this.#watch;
    try {
      await cutShort(stop.overdue, work(), () => {
        throw stop.fault();
      });
    } catch (thrown) {
      tell(`left in the import container, to be deleted by hand: ${what} (${messageOf(thrown)})`);
    }
  }

  #unknown(message: string): readonly WriteAnswer[] {
    return this.#writes.map((write) => ({ id: idOf(write), answer: 'unanswered', message }));
  }

  #devices(): string {
    const { length } = this.#writes;
    return length === 1 ? '1 device' : `${length.toLocaleString('en-US')} devices`;
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
    return undefined; // It is of no device that we know: then none is trusted.
  }
}
