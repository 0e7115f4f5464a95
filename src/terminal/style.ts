import { join, relative } from 'node:path';
import { styleText } from 'node:util';
import type { Style } from '../report/text.ts';

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

/** Colours where the stream is a terminal that wants them, and files as seen from the current folder. */
export function terminalStyle(stream: NodeJS.WriteStream, root: string, directory: string): Style {
  const path = (file: string) => relative(directory, join(root, file)) || file;
  if (!stream.isTTY || !stream.hasColors()) {
    return { severity: (_, text) => text, strong: (text) => text, muted: (text) => text, path };
  }
  return {
    severity: (severity, text) => styleText(colours[severity], text),
    strong: (text) => styleText('bold', text),
    muted: (text) => styleText('dim', text),
    path,
  };
}
