import { join, relative } from 'node:path';
import { plainStyle, type Style } from '../report/text.ts';

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

/** Colours where the stream is a terminal that wants them, and files as seen from the current folder. */
export async function terminalStyle(stream: NodeJS.WriteStream, root: string, directory: string): Promise<Style> {
  const path = (file: string) => relative(directory, join(root, file)) || file;
  if (!stream.isTTY || !stream.hasColors()) return { ...plainStyle, path };
  // Loaded where there are colours: as an import it costs every run 4 ms.
  const { styleText } = await import('node:util');
  // Newer versions of Node look at standard output once more, whichever stream it is for.
  const dress = (format: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan', text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    severity: (severity, text) => dress(colours[severity], text),
    strong: (text) => dress('bold', text),
    muted: (text) => dress('dim', text),
    path,
  };
}
