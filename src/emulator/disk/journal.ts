import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Identity } from '../devices/identity.ts';
import { emulatorFault } from '../faults.ts';
import type { Section } from '../twins/twin-state.ts';
import { isJsonObject } from '../wire/json.ts';
import { replaceFile, writeAll } from './atomic-file.ts';
import { isSection, sharedSections, withSections } from './shared-sections.ts';

/**
 * The identities on disk: one JSON line for each change. The first line says what the file is. What a configuration has
 * made of many twins has a line of its own, once, before the first device that refers to it.
 */
export interface Journal {
  /** The identities that the file held when it was opened, oldest first. */
  readonly identities: Iterable<Identity>;
  /** Records a change. It is on disk after the next `flush`. */
  record(deviceId: string, identity: Identity | undefined): void;
  flush(): void;
  /** Rewrites the file with exactly these identities and closes it. */
  close(identities: Iterable<Identity>): void;
}

const head = `${JSON.stringify({ file: 'embedded-hub-devices', format: 1 })}\n`;
const pieceLength = 1 << 20;

/**
 * Opens or creates the journal at `path`. Its mode is 0600, since it holds the devices' keys. A last line that a crash
 * has cut off is ignored. Throws `Fault` if the file is something else or is damaged in the middle.
 */
export function openJournal(path: string): Journal {
  const stored = readJournal(path);
  replaceFile(path, lines(stored.values()), 0o600);
  const file = openSync(path, 'a');
  const shared = sharedSections();
  let pending = '';
  let open = true;
  function flush(): void {
    // A call may still run after the hub has closed the file. It must not write into another file that got the same
    // number.
    if (!open || pending === '') return;
    writeAll(file, pending);
    pending = '';
  }
  return {
    identities: stored.values(),
    record(deviceId, identity) {
      pending += identity === undefined ? `${JSON.stringify({ removed: deviceId })}\n` : shared.lines(identity);
      if (pending.length >= pieceLength) flush();
    },
    flush,
    close(identities) {
      open = false;
      closeSync(file);
      replaceFile(path, lines(identities), 0o600);
    },
  };
}

function* lines(identities: Iterable<Identity>): Iterable<string> {
  const shared = sharedSections();
  let piece = head;
  for (const identity of identities) {
    piece += shared.lines(identity);
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function readJournal(path: string): Map<string, Identity> {
  const stored = new Map<string, Identity>();
  const text = readOrNothing(path);
  if (text === '') return stored;
  if (!text.startsWith(head)) throw emulatorFault('not-its-journal', { path, line: 1 });
  const sections = new Map<number, Section>();
  let number = 1;
  for (let from = head.length; from < text.length; ) {
    number += 1;
    const end = text.indexOf('\n', from);
    if (end === -1) break; // Cut off by a crash, before the call was answered.
    const change = parsed(text.slice(from, end), sections);
    if (change === undefined) throw emulatorFault('not-its-journal', { path, line: number });
    if ('section' in change) sections.set(change.section, change.value);
    else if ('removed' in change) stored.delete(change.removed);
    else stored.set(change.device.deviceId, change.device);
    from = end + 1;
  }
  return stored;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

type Change =
  | { readonly removed: string }
  | { readonly device: Identity }
  | { readonly section: number; readonly value: Section };

function parsed(text: string, sections: ReadonlyMap<number, Section>): Change | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  if (typeof value.removed === 'string') return { removed: value.removed };
  if (typeof value.section === 'number' && isSection(value.value))
    return { section: value.section, value: value.value };
  const device = withSections(value.device, sections);
  return isIdentity(device) ? { device } : undefined;
}

/** Checks what the registry relies on. That is enough for a line that a hub has written. */
function isIdentity(value: unknown): value is Identity {
  return (
    isJsonObject(value) &&
    typeof value.deviceId === 'string' &&
    typeof value.generationId === 'string' &&
    /^\d{1,20}$/.test(value.generationId) &&
    typeof value.version === 'number' &&
    typeof value.edge === 'boolean' &&
    isJsonObject(value.authentication) &&
    isTwinOrNothing(value.twin) &&
    (value.modules === undefined || (Array.isArray(value.modules) && value.modules.every(isModule)))
  );
}

function isModule(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    typeof value.moduleId === 'string' &&
    typeof value.version === 'number' &&
    isJsonObject(value.authentication) &&
    isTwinOrNothing(value.twin)
  );
}

/** Journals of earlier versions have no twins and no modules. */
function isTwinOrNothing(value: unknown): boolean {
  if (value === undefined) return true;
  const known = isJsonObject(value) && Number.isSafeInteger(value.counter) && isJsonObject(value.tags);
  return known && [value.desired, value.reported].every((each) => each === undefined || isSection(each));
}
