import { described, type Reply } from './reply.ts';
import type { Wait } from './retry.ts';

/** What a run says while it waits for an answer. */
export const waitingLines = {
  'no-answer': ({ host, seconds, again }: NoAnswer) =>
    `no answer from ${host} for ${seconds} s${again === undefined ? '' : `, ${tryText(again)}`}`,

  /** `answer` is the service's own text. */
  busy: ({ host, answer, seconds, again }: Required<NoAnswer> & { readonly answer: string }) =>
    `${host} answers ${answer}: waiting ${seconds} s, ${tryText(again)}`,
};

interface NoAnswer {
  readonly host: string;
  readonly seconds: number;
  /** The try that comes next, if there is one. */
  readonly again?: Again;
}

interface Again {
  readonly next: number;
  readonly most: number;
}

/** In milliseconds. Shorter waits pass unnoticed, and a large fleet has many of them. */
const longWait = 10_000;

/** What is said before another try, or nothing. */
export function waitText(host: string, { reply, milliseconds, ...again }: Wait): string | undefined {
  const unheard = secondsUnheard(reply);
  if (unheard !== undefined) return waitingLines['no-answer']({ host, seconds: unheard, again });
  if (reply.kind !== 'refused' || milliseconds < longWait) return undefined;
  const seconds = Math.round(milliseconds / 1000);
  return waitingLines.busy({ host, answer: described(reply), seconds, again });
}

/** How long a call got no answer, in seconds; undefined for any other reply. */
export function secondsUnheard(reply: Reply): number | undefined {
  const { waited } = reply.kind === 'unanswered' ? reply.failure : {};
  return waited === undefined ? undefined : waited / 1000;
}

function tryText({ next, most }: Again): string {
  return `try ${next} of ${most}`;
}
