import { join, relative } from 'node:path';
import type { Style } from '../report/text.ts';

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

/** Colours where the stream is a terminal that wants them, and files as seen from the current folder. */
export async function terminalStyle(stream: NodeJS.WriteStream, root: string, directory: string): Promise<Style> {
  const path = (file: string) => relative(directory, join(root, file)) || file;
  if (!stream.isTTY || !stream.hasColors()) {
    return { severity: (_, text) => text, strong: (text) => text, muted: (text) => text, path };
  }
  // Loaded where there are colours: as an import it costs every run 4 ms.
  const { styleText } = await import('node:util');
  return {
    severity: (severity, text) => styleText(colours[severity], text),
    strong: (text) => styleText('bold', text),
    muted: (text) => styleText('dim', text),
    path,
  };
}
