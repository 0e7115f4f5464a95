import type { RegistryWrite } from '../../model/registry.ts';
import { bulkEntry } from '../calls/wire.ts';

const modes = {
  create: 'create',
  update: 'updateIfMatchETag',
  disable: 'updateIfMatchETag',
  delete: 'deleteIfMatchETag',
} as const satisfies Record<RegistryWrite['mode'], string>;

const chunkLength = 1 << 18;

/** Gives the bytes of a devices.txt in chunks, so that the file is never whole in memory. */
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
 * A line of devices.txt. It has the fields of an entry of a bulk call (the REST description uses `ExportImportDevice`
 * for both), and always a `status`. The mode is never `createOrUpdate`, which does not check the etag.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-bulk-identity-mgmt#import-devices
 */
function importLine(write: RegistryWrite): string {
  const { deviceId, ...fields } = bulkEntry(write);
  const status = write.mode === 'delete' ? { status: write.found.status } : {};
  return `${JSON.stringify({ id: deviceId, importMode: modes[write.mode], ...status, ...fields })}\n`;
}

/**
 * Splits bytes into lines of text, at line feeds only. `readline` would also split at U+2028, which JSON allows within
 * a text.
 */
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
