import type { BlobClient, ContainerClient } from '@azure/storage-blob';

/**
 * A container of Azure Blob Storage or of Azurite, opened by a URL with a SAS. Calls reject with the errors of Azure's
 * client.
 */
export interface BlobContainer {
  /** The size of a blob, and its content, which is fetched in parts as they are needed. */
  read(
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly length: number; readonly bytes: AsyncIterable<Uint8Array> }>;
  /** A text to append to. The blob appears as a whole when it is finished. */
  writer(name: string): TextWriter;
  /** Deletes the blob of this name, if there is one. Rejects if writing is not allowed here, with `NotDeletable` if deleting is not. */
  clear(name: string): Promise<void>;
  /** Rejects if the blob does not exist or must not be read. */
  check(name: string): Promise<void>;
}

/** A container that may be written, and not deleted from. */
export class NotDeletable extends Error {}

export interface TextWriter {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
}

const blockLength = 1 << 20;
const partLength = 1 << 20;

/** Loads Azure's client, which is loaded only here. Throws if the text is not the URL of a container. */
export async function openContainer(url: string): Promise<BlobContainer> {
  const storage = await import('@azure/storage-blob');
  const container = new storage.ContainerClient(url, new storage.AnonymousCredential(), {
    retryOptions: { maxTries: 3, retryDelayInMs: 200, tryTimeoutInMs: 30_000 },
  });
  return {
    async read(name, signal) {
      const blob = container.getBlobClient(name);
      const { contentLength: length = 0, etag } = await blob.getProperties().catch(unreadable(name));
      return { length, bytes: partsOf(blob, { length, etag, signal }) };
    },
    writer: (name) => blockWriter(container, name),
    async clear(name) {
      const blob = container.getBlockBlobClient(name);
      await blob.upload('', 0);
      await blob.delete().catch((cause: unknown) => {
        throw new NotDeletable('deleting is not allowed here', { cause });
      });
    },
    async check(name) {
      await container.getBlobClient(name).getProperties();
    },
  };
}

/** Reads part by part, so that no connection waits while the reader is busy. All parts are of the same version. */
async function* partsOf(
  blob: BlobClient,
  {
    length,
    etag,
    signal,
  }: { readonly length: number; readonly etag: string | undefined; readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const conditions = etag === undefined ? {} : { ifMatch: etag };
  for (let from = 0; from < length; from += partLength) {
    const count = Math.min(partLength, length - from);
    yield await blob.downloadToBuffer(from, count, { abortSignal: signal, conditions }).catch(unreadable(blob.name));
  }
}

/**
 * Turns the errors of a deleted or changed blob into one sentence. Which call fails (404 or 412) is chance, and the
 * service's answer may have no words or many.
 */
function unreadable(name: string): (thrown: unknown) => never {
  return (cause) => {
    throw new Error(`the blob ${name} cannot be read any more`, { cause });
  };
}

/** Sends a block as soon as there is enough text, so that no more than that is in memory. */
function blockWriter(container: ContainerClient, name: string): TextWriter {
  const blob = container.getBlockBlobClient(name);
  const blocks: string[] = [];
  let pending = '';
  const send = async () => {
    // All block ids of a blob must have the same length.
    const id = Buffer.from(String(blocks.length).padStart(6, '0')).toString('base64');
    const text = pending;
    pending = '';
    await blob.stageBlock(id, text, Buffer.byteLength(text));
    blocks.push(id);
  };
  return {
    async write(text) {
      pending += text;
      if (pending.length >= blockLength) await send();
    },
    async finish() {
      if (pending !== '') await send();
      await blob.commitBlockList(blocks);
    },
  };
}
