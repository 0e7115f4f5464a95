import type { DeviceId } from '../model/fleet.ts';
import { inFlight } from '../model/in-flight.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { Registry, WriteAnswer } from '../model/registry.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Timing } from './queue.ts';
import { type Attempt, isAsWanted, type Step, settle } from './settle.ts';

const readsInFlight = 8;
/** Up to this number, devices are read back one by one. */
const few = 10;
/** Milliseconds. A query shows a new device after 1.4 to 6 seconds. */
const visibleAfter = 6_000;

interface Asked {
  readonly attempt: Attempt;
  /** The hub's answer; undefined if it gave none. */
  readonly answer: WriteAnswer | undefined;
}

/**
 * Decides the next step of each attempt of a bulk from the hub's answers. To read a lost bulk back device by device
 * would cost as much quota as the bulk itself. So only one of its devices is read. If that was not written, the others
 * are sent again: should one of them have been written after all, its etag or its taken id refuses the repetition. If
 * it was written, a query shows the others.
 */
export async function settleBulk(
  bulk: readonly Attempt[],
  answers: readonly WriteAnswer[],
  registry: Registry,
  timing: Timing,
): Promise<readonly Step[]> {
  const readOne = untilItFails((id) => registry.readOne(id));
  const asked = bulk.map((attempt, index): Asked => ({ attempt, answer: answers[index] }));
  const lost = asked.filter(isLost);
  if (lost.length <= few) return singly(asked, readOne);
  const told = asked.filter((one) => !isLost(one));
  return [...(await singly(told, readOne)), ...(await settleLost(lost, registry, readOne, timing))];
}

function isLost({ answer }: Asked): boolean {
  return answer === undefined || answer.answer === 'unanswered';
}

function singly(asked: readonly Asked[], readOne: Registry['readOne']): Promise<readonly Step[]> {
  return inFlight(asked, readsInFlight, ({ attempt, answer }) => settle(attempt, answer, readOne));
}

async function settleLost(
  lost: readonly Asked[],
  registry: Registry,
  readOne: Registry['readOne'],
  timing: Timing,
): Promise<readonly Step[]> {
  const [probe] = await singly(lost.slice(-1), readOne);
  let others: readonly Asked[] = lost.slice(0, -1);
  const steps: Step[] = probe === undefined ? [] : [probe];
  if (probe !== undefined && !('readBack' in probe)) {
    const message = 'again' in probe ? probe.message : outcomeReason.answerLost();
    return [...steps, ...others.map(({ attempt }) => repeated(attempt, message))];
  }
  for (const wait of [0, visibleAfter]) {
    if (others.length > 0 && wait > 0) await timing.sleep(wait, timing.stop.asked).catch(() => {});
    const found = await query(others, registry);
    const seen = others.filter(({ attempt }) => isAsWanted(attempt, found.get(attempt.change.id)));
    steps.push(...(await singly(seen, async (id) => found.get(id))));
    others = others.filter((one) => !seen.includes(one));
  }
  return [...steps, ...(await singly(others, readOne))];
}

function repeated(attempt: Attempt, message: string): Step {
  return { again: { ...attempt, mayBeDone: true }, because: 'unsettled', message };
}

/** Returns nothing if the query fails: a caller may have the right to write but not to query. */
async function query(asked: readonly Asked[], registry: Registry): Promise<ReadonlyMap<DeviceId, RegisteredDevice>> {
  if (asked.length === 0) return new Map();
  try {
    return await registry.read(asked.map(({ attempt }) => attempt.change.id));
  } catch {
    return new Map();
  }
}

/** After the first failed read, fails at once. Otherwise each further device would wait as long as the first. */
export function untilItFails(readOne: Registry['readOne']): Registry['readOne'] {
  let failure: { readonly thrown: unknown } | undefined;
  return async (id) => {
    if (failure !== undefined) throw failure.thrown;
    try {
      return await readOne(id);
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  };
}
