import type { Progress } from '../run.ts';

/**
 * One line that is written over; nothing where the stream is no terminal.
 * @param open gives the stream; it is not opened by a run that has no phases, since that costs 3 ms
 */
export function terminalProgress(open: () => NodeJS.WriteStream): Progress & { clear(): void } {
  let shown = false;
  const show = (text: string) => {
    const stream = open();
    if (!stream.isTTY) return;
    shown = true;
    stream.cursorTo(0);
    stream.clearLine(0);
    stream.write(text.slice(0, Math.max(0, stream.columns - 1)));
  };
  return {
    phase: (name) => show(`${name} …`),
    written: (hub, done, failed, total) => {
      show(`${hub}: ${done} of ${total} written${failed > 0 ? `, ${failed} not` : ''}`);
    },
    clear: () => {
      if (shown) show('');
    },
  };
}
