import { setImmediate as nextTurn } from 'node:timers/promises';
import { targetOf } from '../devices/bulk.ts';
import { applyEntry } from '../devices/bulk-entry.ts';
import type { IdentityRegistry } from '../devices/registry.ts';
import { type ErrorName, invalidValue, Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import type { TextWriter } from './blob-container.ts';

export interface ImportSource {
  readonly length: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Gives the error with which the service refuses a line of an import job, or undefined to carry it out. */
export type RefuseLine = (line: JsonObject) => ErrorName | undefined;

export interface ImportOptions {
  readonly registry: IdentityRegistry;
  /** For tests: decides which lines are refused. */
  readonly refuse?: RefuseLine | undefined;
  /** Called when the first line fails. */
  readonly errors: () => TextWriter;
  /**
   * Called after each batch with its number of lines and the share of the whole that is done (0 to 1). Other calls are
   * handled before the import goes on.
   */
  readonly progressed: (lines: number, share: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const linesBetweenTurns = 500;

/**
 * Carries out `devices.txt`: one JSON object a line, in order. A line that is refused is written to the errors as
 * `{"deviceId","errorCode","errorStatus"}`, and the others go on. Rejects if the source breaks off or the signal is
 * aborted.
 */
export async function importLines(source: ImportSource, options: ImportOptions): Promise<void> {
  const { progressed, signal } = options;
  let errors: TextWriter | undefined;
  let number = 0;
  let since = 0;
  let consumed = 0;
  const breathe = async () => {
    await progressed(since, source.length === 0 ? 1 : Math.min(consumed / source.length, 1));
    since = 0;
    await nextTurn();
    signal.throwIfAborted();
  };
  for await (const { text, end } of linesOf(source.bytes)) {
    number += 1;
    consumed = end;
    if (text.trim() === '') continue;
    const refused = importLine(options, number === 1 ? text.replace(/^\uFEFF/, '') : text, number);
    if (refused !== undefined) {
      errors ??= options.errors();
      await errors.write(`${JSON.stringify(refused)}\n`);
    }
    since += 1;
    if (since === linesBetweenTurns) await breathe();
  }
  await errors?.finish();
  await breathe();
}

interface RefusedLine {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly errorCode: number;
  readonly errorStatus: string;
}

function importLine({ registry, refuse }: ImportOptions, line: string, number: number): RefusedLine | undefined {
  let place: { readonly deviceId: string; readonly moduleId?: string } = { deviceId: '' };
  try {
    const read = parsed(line, number);
    const { deviceId, moduleId } = targetOf(read);
    place = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
    const code = refuse?.(read);
    if (code !== undefined) throw new Refused(code, 'The line is refused.');
    applyEntry(registry, { deviceId, moduleId, entry: completed(read, moduleId) });
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ...place, errorCode: error.number, errorStatus: error.message };
  }
}

function parsed(line: string, number: number): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return value;
  throw new Refused('DeserializationError', `Line ${number} is not a JSON object.`);
}

/**
 * Without an importMode a line creates or updates. A line that writes a device's identity must have `status`.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-bulk-identity-mgmt#import-devices
 */
function completed(entry: JsonObject, moduleId: string | undefined): JsonObject {
  const mode = property(entry, 'importMode') ?? 'createOrUpdate';
  const status = property(entry, 'status') ?? undefined;
  if (moduleId === undefined && status === undefined && /^(create|update(IfMatchETag)?$)/i.test(String(mode))) {
    throw invalidValue('status', null);
  }
  return { ...entry, importMode: mode };
}

interface Line {
  readonly text: string;
  /** Where the line ends, in bytes from the beginning. */
  readonly end: number;
}

const lineFeed = 10;

/** Only a line feed ends a line. readline would also split at U+2028, which JSON allows within a text. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let passed = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, from)) {
      yield { text: bytes.toString('utf8', from, end), end: passed + end + 1 };
      from = end + 1;
    }
    rest = bytes.subarray(from);
    passed += from;
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), end: passed + rest.length };
}
