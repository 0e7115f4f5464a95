import { clearLine, cursorTo } from 'node:readline';
import type { Progress } from '../provision.ts';

/** One line that is written over; nothing where the stream is no terminal. */
export function terminalProgress(stream: NodeJS.WriteStream): Progress & { clear(): void } {
  const show = (text: string) => {
    if (!stream.isTTY) return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
    stream.write(text.slice(0, Math.max(0, stream.columns - 1)));
  };
  return {
    phase: (name) => show(`${name} …`),
    written: (hub, done, failed, total) => {
      show(`${hub}: ${done} of ${total} written${failed > 0 ? `, ${failed} not` : ''}`);
    },
    clear: () => show(''),
  };
}
