import { join, relative } from 'node:path';
import { plainStyle, type Style } from '../report/text.ts';

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

/** Uses colours if the stream is a terminal with colours. Files are named as seen from the current folder. */
export async function terminalStyle(
  stream: NodeJS.WriteStream | undefined,
  root: string,
  directory: string,
): Promise<Style> {
  const path = (file: string) => relative(directory, join(root, file)) || file;
  if (stream === undefined || !stream.isTTY || !stream.hasColors()) return { ...plainStyle, path };
  // Loaded only for colours, because it takes 4 ms.
  const { styleText } = await import('node:util');
  // Without `validateStream: false`, newer versions of Node check standard output instead of this stream.
  const dress = (format: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan', text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    severity: (severity, text) => dress(colours[severity], text),
    strong: (text) => dress('bold', text),
    muted: (text) => dress('dim', text),
    path,
  };
}
