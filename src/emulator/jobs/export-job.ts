import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type OpenContainer, unwritable } from './blob-access.ts';
import type { TextWriter } from './blob-container.ts';
import { configurationLine, deviceLines } from './export-lines.ts';
import type { Work, Working } from './work.ts';

/** The export that a client asks for. */
export interface WantedExport {
  readonly type: 'export';
  readonly outputBlobContainerUri: string;
  readonly outputBlobName: string;
  readonly excludeKeysInExport: boolean;
  /** The blob for configurations. Undefined if they are not wanted. */
  readonly configurationsBlobName: string | undefined;
}

/**
 * The first line of an export without keys is a text for people (reported from a live hub; Microsoft's C# tests skip lines
 * that do not begin with a brace). Its words are not known.
 */
const warning =
  'WARNING: The keys of devices and modules were left out. Devices that are imported from this file get new keys.';

const devicesBetweenTurns = 500;

/** Opens the container and reports at once whether it may be written. `configurations` are in their JSON form. */
export async function openExport(
  wanted: WantedExport,
  open: OpenContainer,
  configurations: () => Iterable<object>,
): Promise<Work> {
  const output = await open(wanted.outputBlobContainerUri).catch(unwritable);
  // The blob of an earlier export stays until the new one is whole.
  await output.clear(`${randomUUID()}.tmp`).catch(unwritable);
  return {
    // Five devices took 3 s from the job's creation to its end (recorded).
    preparedFor: 2000,
    async run(part) {
      await writeDevices(output.writer(wanted.outputBlobName), !wanted.excludeKeysInExport, part);
      if (wanted.configurationsBlobName === undefined) return;
      const writer = output.writer(wanted.configurationsBlobName);
      for (const configuration of configurations()) await writer.write(`${configurationLine(configuration)}\n`);
      await writer.finish();
    },
  };
}

/** Writes the devices as they are when the job begins. */
async function writeDevices(
  writer: TextWriter,
  keys: boolean,
  { registry, signal, progressed }: Working,
): Promise<void> {
  const devices = [...registry.all()];
  if (!keys) await writer.write(`${warning}\n`);
  for (let from = 0; from < devices.length; from += devicesBetweenTurns) {
    const batch = devices.slice(from, from + devicesBetweenTurns);
    const lines = batch.flatMap((device) => deviceLines(device, keys));
    await writer.write(lines.map((line) => `${line}\n`).join(''));
    await progressed(lines.length, (from + batch.length) / devices.length);
    await nextTurn();
    signal.throwIfAborted();
  }
  await writer.finish();
}
