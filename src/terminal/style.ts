import { join, relative } from 'node:path';
import { plainStyle, type Style } from '../report/text.ts';

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;
const colourOfSign = { '+': 'green', '~': 'yellow', '-': 'red', '!': 'red', '?': 'yellow' } as const;

/**
 * Uses colours if the stream is a terminal with colours, and the width of a terminal. Files are named as seen from the current folder.
 */
export async function terminalStyle(
  stream: NodeJS.WriteStream | undefined,
  root: string,
  directory: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Style> {
  const path = (file: string) => relative(directory, join(root, file)) || file;
  const columns = stream?.isTTY === true && stream.columns > 0 ? { columns: stream.columns } : {};
  if (!wantsColours(stream, env)) return { ...plainStyle, ...columns, path };
  // Loaded only for colours, because it takes 4 ms.
  const { styleText } = await import('node:util');
  // Without `validateStream: false`, newer versions of Node check standard output instead of this stream.
  const dress = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan', text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    severity: (severity, text) => dress(colours[severity], text),
    sign: (sign) => dress(colourOfSign[sign], sign),
    strong: (text) => dress('bold', text),
    muted: (text) => dress('dim', text),
    ...columns,
    path,
  };
}

/**
 * NO_COLOR and a dumb terminal say no, whatever else is set: https://no-color.org. FORCE_COLOR says yes, also for a pipe:
 * https://force-color.org.
 */
function wantsColours(stream: NodeJS.WriteStream | undefined, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR || env.TERM === 'dumb') return false;
  if (env.FORCE_COLOR) return !['0', 'false'].includes(env.FORCE_COLOR);
  return stream?.isTTY === true && stream.hasColors(env);
}
