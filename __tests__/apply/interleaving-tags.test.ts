import { describe, expect, it } from 'vitest';
import type { Disturbance, DisturbedCall } from '../../src/emulator/trouble/disturbance.ts';
import { registeredTwin } from '../../src/hub/calls/wire.ts';
import type { JsonObject } from '../../src/model/fleet.ts';
import type { Change } from '../../src/model/plan.ts';
import type { Twin } from '../../src/model/registration.ts';
import { movedTags, tagChange, tagValue } from '../../src/plan/tags.ts';
import { digest, wanted } from '../plan/devices.ts';
import { fc, times } from '../support/property.ts';
import { entriesOf, isBulk, isPatch, useRig } from './rig.ts';

// Another writer of tags and a bad network at every moment of a run. What must hold, whatever happens: our patch lands only on a
// twin in which nothing of ours has moved since it was planned, at most once, touches no tag of theirs, and every outcome is true.

const rig = useRig();
const devices = 4;
const registered = { primary: digest('new-1'), secondary: digest('new-2') };
const mark = (...paths: string[]) => ({ provisionIotEdge: paths });

/** The last device names no tags any more. */
const wishes: readonly (JsonObject | undefined)[] = [
  { site: 'berlin' },
  { site: 'berlin', location: { plant: 7 } },
  {},
  undefined,
];

const starts = {
  bare: {},
  foreign: { owner: 'ops', location: { hall: 3 } },
  old: { site: 'bonn', gone: 1, owner: 'ops', ...mark('gone', 'site') },
  done: { site: 'berlin', location: { plant: 7, hall: 3 }, ...mark('location.plant', 'site') },
} as const satisfies Record<string, JsonObject>;

const acts = {
  own: { owner: 'them' },
  ownDeep: { location: { hall: 4 } },
  take: { site: 'kiel' },
  takeDeep: { location: { plant: 8 } },
  undo: { site: 'bonn', gone: 1 },
  finish: { site: 'berlin', location: { plant: 7 }, gone: null, ...mark('location.plant', 'site') },
  clear: { site: null, location: null, gone: null, provisionIotEdge: null },
  remark: mark('owner'),
} as const satisfies Record<string, JsonObject>;

type Act = keyof typeof acts | 'delete';
type Start = keyof typeof starts | 'absent';

const quick: readonly (Disturbance | undefined)[] = [
  undefined,
  undefined,
  { kind: 'close', when: 'before' },
  { kind: 'close', when: 'after' },
  { kind: 'truncate' },
  { kind: 'refuse', code: 'ThrottlingBacklogTimeout' },
  { kind: 'refuse', code: 'ServiceUnavailable' },
];

const moment = fc.record({
  acts: fc.array(
    fc.tuple(
      fc.nat(devices - 1),
      fc.constantFrom<Act>('own', 'ownDeep', 'take', 'takeDeep', 'undo', 'finish', 'clear', 'remark', 'delete'),
    ),
    { maxLength: 3 },
  ),
  trouble: fc.constantFrom(...quick),
});

function twinOf(n: number): Twin | undefined {
  return registeredTwin(rig.hub.registry.twin(`edge-${n}`));
}

describe('whatever another writer of tags and the network do', () => {
  it('nobody loses a tag, and every outcome is true', async () => {
    const states = fc.array(fc.constantFrom<Start>('absent', 'bare', 'foreign', 'old', 'done'), {
      minLength: devices,
      maxLength: devices,
    });
    await fc.assert(fc.asyncProperty(states, fc.array(moment, { maxLength: 14 }), holds), times(100));
  });
});

async function holds(
  states: readonly Start[],
  moments: readonly { acts: [number, Act][]; trouble: Disturbance | undefined }[],
) {
  rig.disturb = undefined;
  for (const { deviceId } of rig.hub.registry.all()) rig.hub.registry.remove(deviceId);
  for (const [n, state] of states.entries()) {
    if (state === 'absent') continue;
    rig.seed(`edge-${n}`, registered);
    rig.tag(`edge-${n}`, starts[state]);
  }
  const changes = await rig.plan(
    wishes.map((tags, n) => wanted({ id: `edge-${n}`, ...(tags === undefined ? {} : { tags }) })),
  );
  const watch = new TagWatch(changes);
  const left = [...moments];
  // Not asynchronous: so nothing comes in between this and the hub's carrying out of the call.
  rig.disturb = (call) => {
    watch.look();
    const { acts: theirs, trouble } = left.shift() ?? { acts: [], trouble: undefined };
    for (const [n, act] of theirs) {
      if (rig.hub.registry.get(`edge-${n}`) === undefined) continue;
      if (act === 'delete') {
        if (states[n] !== 'absent') rig.hub.registry.remove(`edge-${n}`);
      } else rig.tag(`edge-${n}`, acts[act]);
      watch.look();
    }
    watch.expect(call, trouble);
    return trouble;
  };
  const run = await rig.apply(changes);
  rig.disturb = undefined;
  watch.look();
  watch.judge(run.outcomes);
}

class TagWatch {
  readonly #changes: readonly Change[];
  /** Twins as they were right before a patch of ours. */
  readonly #pending = new Map<number, Twin>();
  readonly #landed = new Set<number>();
  readonly #right = new Set<number>();
  readonly #unanswered = new Set<number>();
  readonly #wrongs: string[] = [];

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
    this.look();
  }

  /** Called before every change of theirs and after it. */
  look(): void {
    for (const [n, before] of this.#pending) this.#landing(n, before, twinOf(n));
    this.#pending.clear();
    for (const n of this.#changes.keys()) {
      const now = twinOf(n);
      if (now !== undefined && tagChange(wishes[n], now) === undefined) this.#right.add(n);
    }
  }

  /** A call is about to be carried out, or not. */
  expect(call: DisturbedCall, trouble: Disturbance | undefined): void {
    const answered = trouble === undefined || (trouble.kind === 'refuse' && trouble.code !== 'ServiceUnavailable');
    if (isBulk(call) && !answered) for (const { id } of entriesOf(call)) this.#unanswered.add(numberOf(String(id)));
    if (!isPatch(call)) return;
    const n = numberOf(call.path);
    const twin = twinOf(n);
    if (!answered) this.#unanswered.add(n);
    if (twin !== undefined) this.#pending.set(n, twin);
  }

  #landing(n: number, before: Twin, after: Twin | undefined): void {
    const change = this.#changes[n];
    if (after === undefined || after.etag === before.etag || change === undefined) return;
    if (this.#landed.has(n)) this.#wrongs.push(`our patch of edge-${n} lands twice`);
    this.#landed.add(n);
    const planned = change.kind === 'update' ? change.found.twin : { etag: '', tags: {} };
    const moved = planned === undefined ? [] : movedTags(wishes[n], planned, before);
    if (moved.length > 0) this.#wrongs.push(`our patch of edge-${n} overwrites ${JSON.stringify(moved)}`);
    for (const path of ['owner', 'location.hall']) {
      const [was, is] = [before, after].map(({ tags }) => tagValue(tags, path));
      if (was !== is) this.#wrongs.push(`our patch of edge-${n} changes ${path}, which is theirs`);
    }
  }

  judge(outcomes: Readonly<Record<string, string>>): void {
    expect(this.#wrongs).toEqual([]);
    for (const [n, { id, kind }] of this.#changes.entries()) {
      const [outcome, landed] = [outcomes[id], this.#landed.has(n)];
      const told = `${kind} of ${id}: ${outcome}, ${landed ? 'landed' : 'never landed'}`;
      switch (outcome) {
        case undefined:
          expect([kind, landed], told).toEqual(['unchanged', false]);
          break;
        case 'created':
        case 'updated':
          expect(this.#right.has(n), told).toBe(true);
          break;
        case 'unchanged':
          expect([landed, this.#right.has(n)], told).toEqual([false, true]);
          break;
        case 'failed':
          expect(landed && twinOf(n) !== undefined, told).toBe(false);
          break;
        default:
          expect([outcome, this.#unanswered.has(n)], told).toEqual(['unknown', true]);
      }
    }
  }
}

function numberOf(text: string): number {
  return Number(/edge-(\d+)/.exec(text)?.[1]);
}
