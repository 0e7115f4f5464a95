import type { RegistryWrite } from '../../model/registry.ts';
import { bulkEntry } from '../calls/wire.ts';

const modes = {
  create: 'create',
  update: 'updateIfMatchETag',
  disable: 'updateIfMatchETag',
  delete: 'deleteIfMatchETag',
} as const satisfies Record<RegistryWrite['mode'], string>;

const chunkLength = 1 << 18;

/** The bytes of a devices.txt, chunk by chunk: it is never whole in memory. */
export function* importBytes(writes: Iterable<RegistryWrite>): Iterable<Buffer> {
  let pending = '';
  for (const write of writes) {
    pending += importLine(write);
    if (pending.length < chunkLength) continue;
    yield Buffer.from(pending);
    pending = '';
  }
  if (pending !== '') yield Buffer.from(pending);
}

/**
 * A line of devices.txt. Its fields are those of a bulk's entry (`ExportImportDevice` of the REST description stands for both), and
 * `status` is on every line. Never `createOrUpdate`, which looks at no etag.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-bulk-identity-mgmt#import-devices
 */
function importLine(write: RegistryWrite): string {
  const { deviceId, ...fields } = bulkEntry(write);
  const status = write.mode === 'delete' ? { status: write.found.status } : {};
  return `${JSON.stringify({ id: deviceId, importMode: modes[write.mode], ...status, ...fields })}\n`;
}

/** Lines of text out of bytes. Only a line feed ends one: `readline` would also cut at U+2028, which JSON allows within a text. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
