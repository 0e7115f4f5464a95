import { fstatSync, writeSync } from 'node:fs';

/** Where the command line prints what it was asked for. */
export interface Output {
  write(text: string): void;
  /** The stream, if it can be a terminal. A report for a file or a pipe has no colours. */
  readonly terminal?: NodeJS.WriteStream;
}

/**
 * Opens standard output. For a pipe and a file `process.stdout` loads node:net and node:stream, which takes 4 ms of the 65 that
 * `validate` takes. So these are written directly, as `process.stdout` does it too on Linux: https://nodejs.org/api/process.html#a-note-on-process-io
 * @param filtered if true, all output goes through `process.stdout`, which somebody filters
 */
export function openOutput(filtered: boolean): Output {
  if (filtered || process.platform === 'win32' || !isPipeOrFile()) return streamOutput();
  return { write: writeDirectly };
}

/** Standard output as a stream. If the reader closes the pipe early, as in `… | head`, the process ends without an error. */
export function streamOutput(): Output {
  const { stdout } = process;
  if (!stdout.listeners('error').includes(endIfClosed)) stdout.on('error', endIfClosed);
  return { write: (text) => void stdout.write(text), terminal: stdout };
}

function isPipeOrFile(): boolean {
  try {
    return !fstatSync(1).isCharacterDevice();
  } catch {
    return false; // It is closed.
  }
}

function writeDirectly(text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (thrown) {
    // A pipe of another process may be set to answer at once although it is full. A stream can wait for it.
    if (codeOf(thrown) === 'EAGAIN') streamOutput().write(rest.toString());
    else endIfClosed(thrown);
  }
}

function endIfClosed(thrown: unknown): void {
  if (codeOf(thrown) !== 'EPIPE') throw thrown;
  process.exit();
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
