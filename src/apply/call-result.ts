import { brokenRest, throttledRest } from '../model/backoff.ts';
import type { WriteAnswer } from '../model/registry.ts';
import type { Again, CallResult } from './queue.ts';

/** Sums up a call: from the next step of each device, and from the hub's answer for each. */
export function callResult<Item>(
  steps: readonly (Again<Item> | object)[],
  answers: readonly (WriteAnswer | undefined)[],
): CallResult<Item> {
  const unfinished = steps.map((step) => ('again' in step ? step : undefined));
  const throttled = answers.find((answer) => answer?.answer === 'refused' && answer.code === 'throttled');
  const answered = answers.filter((answer) => answer !== undefined && isAnswer(answer)).length;
  if (throttled !== undefined) {
    const rest = ('rest' in throttled ? throttled.rest : undefined) ?? throttledRest;
    return { unfinished, trouble: { because: 'throttled', rest, partly: answered > 0 } };
  }
  if (answered > 0) return { unfinished };
  return { unfinished, trouble: { because: 'broken', rest: brokenRest, partly: false } };
}

/** Whether the hub answered about the device itself. A throttled or unreached hub did not. */
function isAnswer(answer: WriteAnswer): boolean {
  if (answer.answer === 'refused') return answer.code !== 'throttled' && answer.code !== 'unreached';
  return answer.answer === 'applied';
}
