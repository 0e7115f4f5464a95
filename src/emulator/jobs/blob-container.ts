import type { BlobClient, ContainerClient } from '@azure/storage-blob';

/** A container of Azure's blob storage, or of Azurite, opened by a URL that carries its own right (SAS). Calls reject as the client does. */
export interface BlobContainer {
  /** Bytes of a blob, and the blob itself, a part of which is fetched whenever there is need of it. */
  read(
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly length: number; readonly bytes: AsyncIterable<Uint8Array> }>;
  /** A text that grows; its blob appears, whole, when it is finished. */
  writer(name: string): TextWriter;
  /** Throws where one may not write and delete here. Afterwards there is no blob of this name. */
  clear(name: string): Promise<void>;
  /** Throws where it is not there, or must not be read. */
  check(name: string): Promise<void>;
}

export interface TextWriter {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
}

const blockLength = 1 << 20;
const partLength = 1 << 20;

/** The client is loaded only here. Throws for what is no URL of a container. */
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
      await blob.delete();
    },
    async check(name) {
      await container.getBlobClient(name).getProperties();
    },
  };
}

/** Part by part, so that no connection is kept waiting while the reader takes its time; all of the same version. */
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

/** One sentence for a blob that has gone or changed: at which call that shows (404, 412) is chance, and its answer has no words or many. */
function unreadable(name: string): (thrown: unknown) => never {
  return (cause) => {
    throw new Error(`the blob ${name} cannot be read any more`, { cause });
  };
}

/** Sends a block whenever there is enough for one, so that no more than that is ever held. */
function blockWriter(container: ContainerClient, name: string): TextWriter {
  const blob = container.getBlockBlobClient(name);
  const blocks: string[] = [];
  let pending = '';
  const send = async () => {
    // All ids of a blob must be of one length.
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
