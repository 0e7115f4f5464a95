import { fstatSync } from 'node:fs';
import { inspect } from 'node:util';

/**
 * Returns a function that takes one output part by part and breaks all workflow commands in it. In a step of a workflow the
 * runner looks for commands in every line: `::add-mask::` at its start, after blanks, and `##[add-mask]` anywhere. File names
 * and values of a manifest may look like them. Their last sign is then written like other dangerous characters: `:\u{3a}`.
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function commandBreaker(): (part: string) => string {
  /** What a command in the next part could begin with: the end of the line that is not complete. */
  let begun = '';
  return (part) => {
    const text = begun + part;
    const broken = text
      .replace(/(^|[\r\n])((?:[^\S\r\n]|\u0085)*:):/g, String.raw`$1$2\u{3a}`)
      .replace(/##\[/g, String.raw`##\u{5b}`);
    const written = broken.slice(begun.length);
    const line = /[^\r\n]*$/.exec(text)?.[0] ?? '';
    begun = /^(?:\s|\u0085)*:?$/.test(line) ? line : `-${line.slice(-2)}`;
    return written;
  };
}

/**
 * Lets nothing that this process prints be a workflow command. An output that goes to a file stays as it is: the runner
 * does not read files, and `new > devices.yaml` must not change a name.
 */
export function printNoCommands(): void {
  if (!isFile(1)) breakCommandsOf(process.stdout);
  if (!isFile(2)) breakCommandsOf(process.stderr);
  // Node itself would print the error directly, past the stream.
  process.on('uncaughtException', (thrown: unknown) => {
    process.stderr.write(`${inspect(thrown)}\n`);
    process.exit(1);
  });
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false; // It is closed.
  }
}

function breakCommandsOf(stream: NodeJS.WriteStream): void {
  const broken = commandBreaker();
  const write = stream.write;
  stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return Reflect.apply(write, stream, [broken(text), ...rest]);
  };
}
