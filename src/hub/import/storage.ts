import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlockBlobClient, ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { openWay, type Way } from '../calls/http.ts';
import { type PatienceOptions, patience } from '../calls/patience.ts';
import type { TokenSource } from '../entra/token.ts';
import type { BlobAccess } from '../faults.ts';
import type { ImportContainer } from './import-container.ts';
import { linesOf } from './import-lines.ts';
import { isAbsent, isHeld, storageRefusal } from './storage-refusal.ts';

/** A container of blob storage. Every method rejects with a `Fault` that says what to do. */
export interface Storage {
  /** Sends bytes as they come and holds a few megabytes of them in memory. Also rejects when the signal is aborted. */
  upload(name: string, bytes: Iterable<Buffer>, signal: AbortSignal): Promise<void>;
  /** Gives the lines of a blob, or none if there is no such blob. */
  lines(name: string): AsyncIterable<string>;
  /** Deletes a blob. Succeeds also if there is no such blob. */
  remove(name: string): Promise<void>;
  /**
   * Locks the container for one run, which has to renew the lock within a minute. `undefined` while another run holds
   * it.
   */
  hold(): Promise<Hold | undefined>;
  /** Closes the connections that are kept alive. */
  close(): void;
}

export interface Hold {
  /** Renews the lock. Gives whether it was held without a break. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

export interface StorageOptions {
  /** Signs in by Entra if the container has no signature. */
  readonly token?: TokenSource | undefined;
  readonly ca?: string | undefined;
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** Limits one try, in milliseconds. Default: 60,000. */
  readonly tryTimeoutMs?: number | undefined;
  /** Gets a sentence about what the run waits for. */
  readonly waiting?: ((text: string) => void) | undefined;
}

const holdName = 'provision-iot-edge.lock';
/** The longest lease that ends by itself if the run is killed. */
const leaseSeconds = 60;
const blockLength = 4 << 20;
const mostTries = 4;
/** In milliseconds. */
const usualTimeout = 60_000;
const pipelineOptions: StoragePipelineOptions = {
  // The storage service is told the time limit. The client itself is limited by `patience`.
  retryOptions: { maxTries: mostTries, tryTimeoutInMs: usualTimeout, retryDelayInMs: 1000, maxRetryDelayInMs: 10_000 },
};

/** Opens a container. Makes no call. @azure/storage-blob is loaded here, since few runs need it. */
export async function openStorage(container: ImportContainer, options: StorageOptions): Promise<Storage> {
  const { url, signature } = container;
  const storage = await import('@azure/storage-blob');
  const { token } = options;
  const credential = signature === undefined && token ? bearer(token) : new storage.AnonymousCredential();
  const pipeline = storage.newPipeline(credential, pipelineOptions);
  const way = url.startsWith('https:') ? await openWay({ ca: options.ca, proxy: options.proxyFor?.(url) }) : undefined;
  const { tryTimeoutMs = usualTimeout, waiting } = options;
  pipeline.factories.push(travelling(way, { tryTimeoutMs, waiting, most: mostTries }));
  const client = new storage.ContainerClient(signature === undefined ? url : `${url}?${signature}`, pipeline);
  const doing: Doing = async (access, work) => {
    try {
      return await work();
    } catch (thrown) {
      throw storageRefusal(thrown, container, access);
    }
  };
  const remove = (name: string) =>
    doing('delete', async () => void (await client.deleteBlob(name).catch(unlessAbsent)));
  return {
    remove,
    close: () => way?.agent.destroy(),
    upload: (name, bytes, abortSignal) =>
      doing('write', async () => {
        const source = Readable.from(bytes, { objectMode: false, highWaterMark: blockLength });
        await client.getBlockBlobClient(name).uploadStream(source, blockLength, 2, { abortSignal });
      }),
    async *lines(name) {
      const stream = await doing('read', () => bytesOf(client, name));
      if (stream === undefined) return;
      try {
        yield* linesOf(stream);
      } catch (thrown) {
        throw storageRefusal(thrown, container, 'read');
      }
    },
    hold: () => doing('write', () => take(client.getBlockBlobClient(holdName), doing)),
  };
}

type Doing = <T>(access: BlobAccess, work: () => Promise<T>) => Promise<T>;

async function take(blob: BlockBlobClient, doing: Doing): Promise<Hold | undefined> {
  const id = randomUUID();
  const lease = blob.getBlobLeaseClient(id);
  try {
    await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } }).catch(unlessHeld);
    await lease.acquireLease(leaseSeconds);
  } catch (thrown) {
    // Absent: another run ended between the two calls and deleted its blob.
    if (isHeld(thrown) || isAbsent(thrown)) return undefined;
    throw thrown;
  }
  return {
    async renew() {
      try {
        await lease.renewLease();
        return true;
      } catch {
        return false;
      }
    },
    release: () =>
      doing('delete', async () => void (await blob.delete({ conditions: { leaseId: id } }).catch(unlessAbsent))),
  };
}

async function bytesOf(client: ContainerClient, name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const { readableStreamBody } = await client.getBlobClient(name).download(0, undefined, { maxRetryRequests: 5 });
    return readableStreamBody === undefined ? undefined : chunksOf(readableStreamBody);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

async function* chunksOf(stream: NodeJS.ReadableStream): AsyncIterable<Uint8Array> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

function unlessAbsent(thrown: unknown): void {
  if (!isAbsent(thrown)) throw thrown;
}

/** The blob exists if another run holds it or left it behind. */
function unlessHeld(thrown: unknown): void {
  if (!isHeld(thrown)) throw thrown;
}

/** The credential of the client. It does not cache, since our token source keeps and renews tokens. */
function bearer(token: TokenSource) {
  return { getToken: async () => ({ token: await token(), expiresOnTimestamp: 0 }) };
}

type Factories = ReturnType<typeof import('@azure/storage-blob')['newPipeline']>['factories'];

/** Sends calls through our proxy, with trust in our CA and with a time limit, which the client itself does not do. */
function travelling(way: Way | undefined, options: PatienceOptions): Factories[number] {
  const limited = patience(options);
  return {
    // The client calls a factory of this name for each try; another it calls once, outside of the tries.
    ...{ constructor: { name: 'InjectorPolicyFactory' } },
    create: (next) => ({
      sendRequest(request) {
        if (way !== undefined) request.requestOverrides = { ...way };
        return limited(request, () => next.sendRequest(request));
      },
    }),
  };
}
