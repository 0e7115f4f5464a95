import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Disturbance, DisturbedCall } from '../../src/emulator/disturbance.ts';
import { registeredDevice } from '../../src/hub/wire.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { Change } from '../../src/model/plan.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { differences } from '../../src/plan/compare.ts';
import { digest } from './devices.ts';
import { entriesOf, type Fields, fleet, isBulk, type Rig, useRig } from './rig.ts';

// Another writer and a bad network at every moment of a run. What must hold, whatever happens:
// our write lands only on a device that is as it was planned, at most once, and every outcome is true.

const rig = useRig();
const devices = 8;

/** What the other writer does with a device that is there. */
const acts = {
  touch: {},
  move: { parentScopes: ['ms-azure-iot-edge://gateway-1'] },
  disable: { status: 'disabled' },
  enable: { status: 'enabled' },
  rotate: { primary: digest('theirs') },
  rotateOther: { secondary: digest('theirs') },
  undo: { primary: digest('old-1') },
  finish: { primary: digest('new-1'), secondary: digest('new-2') },
  note: { statusReason: 'theirs' },
} as const satisfies Record<string, Fields>;

type Act = keyof typeof acts | 'make' | 'delete';

interface Moment {
  /** What the other writer does before the call. */
  readonly acts: readonly (readonly [device: number, act: Act])[];
  readonly trouble: Disturbance | 'late' | undefined;
}

const moment = (troubles: readonly Moment['trouble'][]): fc.Arbitrary<Moment> =>
  fc.record({
    acts: fc.array(
      fc.tuple(
        fc.nat(devices - 1),
        fc.constantFrom<Act>(
          'touch',
          'move',
          'disable',
          'enable',
          'rotate',
          'rotateOther',
          'undo',
          'finish',
          'note',
          'make',
          'delete',
        ),
      ),
      { maxLength: 8 },
    ),
    trouble: fc.constantFrom(...troubles),
  });

const quickTroubles: readonly Moment['trouble'][] = [
  undefined,
  undefined,
  { kind: 'close', when: 'before' },
  { kind: 'close', when: 'after' },
  { kind: 'truncate' },
  { kind: 'refuse', code: 'ThrottlingBacklogTimeout' },
  { kind: 'refuse', code: 'ServiceUnavailable' },
];

const start = fc.array(fc.constantFrom('absent', 'old', 'right', 'disabled'), {
  minLength: devices,
  maxLength: devices,
});

describe('whatever another writer and the network do', () => {
  it('nobody loses a change, and every outcome is true', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(moment(quickTroubles), { maxLength: 20 }), async (states, moments) => {
        await holds(states, moments, 60_000);
      }),
      { numRuns: 150 },
    );
  });

  it('also where writes land long after they were given up', async () => {
    const troubles = [...quickTroubles, 'late', 'late', { kind: 'hang', when: 'after' }] as const;
    await fc.assert(
      fc.asyncProperty(start, fc.array(moment(troubles), { maxLength: 8 }), async (states, moments) => {
        await holds(states, moments, 100);
      }),
      { numRuns: 20 },
    );
  });

  it('nothing is unknown as long as every write is answered', async () => {
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.array(moment([undefined, undefined, quickTroubles[5]]), { maxLength: 12 }),
        async (states, moments) => {
          const results = await holds(states, moments, 60_000);
          expect(results).not.toContain('unknown');
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** Runs once, on an empty hub, and checks; gives back the results of the devices. */
async function holds(states: readonly string[], moments: readonly Moment[], attemptTimeoutMs: number) {
  rig.disturb = undefined;
  for (const { deviceId } of rig.hub.registry.all()) rig.hub.registry.remove(deviceId);
  for (const [n, state] of states.entries()) seed(rig, n, state);
  const changes = await rig.plan(fleet(devices));
  const watch = new Watch(changes);
  const late = lateArrivals();
  const left = [...moments];
  rig.disturb = async (call) => {
    const { acts, trouble } = left.shift() ?? { acts: [], trouble: undefined };
    for (const [n, act] of acts) {
      if ((act !== 'make' && act !== 'delete') || watch.mayComeAndGo(n)) perform(n, act);
      watch.look();
    }
    if (trouble === 'late') await late.wait();
    else await late.release(1);
    if (isBulk(call) && isCarriedOut(trouble)) watch.expectWrites(call);
    return trouble === 'late' ? undefined : trouble;
  };
  const run = await rig.apply(changes, { attemptTimeoutMs });
  await late.release(Number.POSITIVE_INFINITY);
  watch.look();
  watch.judge(run.outcomes);
  return Object.values(run.outcomes);
}

function isCarriedOut(trouble: Moment['trouble']): boolean {
  if (trouble === undefined || trouble === 'late' || trouble.kind === 'truncate') return true;
  return trouble.kind !== 'refuse' && trouble.when === 'after';
}

function seed({ seed }: Rig, n: number, state: string): void {
  if (state === 'old') seed(`edge-${n}`);
  if (state === 'right') seed(`edge-${n}`, acts.finish);
  if (state === 'disabled') seed(`edge-${n}`, { status: 'disabled', statusReason: 'lent' });
}

function perform(n: number, act: Act): void {
  const id = `edge-${n}`;
  const there = rig.hub.registry.get(id) !== undefined;
  if (act === 'make') {
    if (!there) rig.seed(id, { primary: digest('theirs') });
  } else if (there) {
    if (act === 'delete') rig.hub.registry.remove(id);
    else rig.change(id, acts[act]);
  }
}

/** Calls that are carried out one by one, when others have come since. */
function lateArrivals() {
  const waiting: (() => void)[] = [];
  return {
    wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
    async release(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        const next = waiting.shift();
        if (next === undefined) return;
        next();
        await turn(); // so that it is carried out before anything else
      }
    },
  };
}

/** The history of the devices: what we wrote upon what, and whether they were ever as wanted. */
class Watch {
  readonly #planned: ReadonlyMap<string, Change>;
  readonly #landed = new Set<string>();
  readonly #right = new Set<string>();
  /** Kept for the end: what is thrown while the hub carries out a call would be one more fault of the network. */
  readonly #wrongs: string[] = [];

  constructor(changes: readonly Change[]) {
    this.#planned = new Map(changes.map((change) => [change.id, change]));
  }

  /**
   * A new device that is deleted as soon as we have made it, while our answer is lost, cannot be told from one never made:
   * we make it again. So the other writer deletes only what was there.
   */
  mayComeAndGo(n: number): boolean {
    return this.#planned.get(`edge-${n}`)?.kind !== 'create' || !this.#landed.has(`edge-${n}`);
  }

  /** Called right before the hub carries out a bulk: nothing can come in between. */
  expectWrites(call: DisturbedCall): void {
    for (const { id, importMode, eTag, etag, parentScopes } of entriesOf(call)) {
      const now = current(String(id));
      const change = this.#planned.get(String(id));
      const fits = ['*', now?.etag].includes(bare(eTag ?? etag));
      const lands = /^create$/i.test(String(importMode)) ? now === undefined : now !== undefined && fits;
      if (!lands || change === undefined) continue;
      if (change.kind === 'update') {
        const theirs = now !== undefined && !isDeepStrictEqual(written(now), written(change.found));
        if (!isDeepStrictEqual(parentScopes, now?.parentScopes)) this.#wrongs.push(`our update of ${id} moves it away`);
        if (theirs) this.#wrongs.push(`our update of ${id} overwrites a change of theirs`);
        if (this.#landed.has(change.id)) this.#wrongs.push(`our update of ${id} lands twice`);
      } else if (change.kind !== 'create') {
        this.#wrongs.push(`${id} is ${change.kind}, and written all the same`);
      }
      this.#landed.add(change.id);
      this.#right.add(change.id);
    }
  }

  /** Called after every change of theirs. */
  look(): void {
    for (const { id, identity } of this.#planned.values()) {
      const now = current(id);
      if (now !== undefined && isRight(identity, now)) this.#right.add(id);
    }
  }

  judge(outcomes: Readonly<Record<string, string>>): void {
    expect(this.#wrongs).toEqual([]);
    for (const { id, kind } of this.#planned.values()) {
      const [outcome, landed] = [outcomes[id], this.#landed.has(id)];
      const told = `${kind} of ${id}: ${outcome}, ${landed ? 'landed' : 'never landed'}`;
      switch (outcome) {
        case undefined:
          expect(kind, told).toBe('unchanged');
          expect(landed, told).toBe(false);
          break;
        case 'created':
        case 'updated':
          expect(outcome, told).toBe(`${kind}d`);
          expect(this.#right.has(id), told).toBe(true);
          break;
        case 'unchanged':
          expect(landed, told).toBe(false);
          expect(this.#right.has(id), told).toBe(true);
          break;
        case 'failed':
          expect(landed && current(id) !== undefined, told).toBe(false);
          break;
        default:
          expect(outcome, told).toBe('unknown');
      }
    }
  }
}

function isRight(identity: Identity, now: RegisteredDevice): boolean {
  return differences(identity, now).length === 0;
}

/** What an update writes, but for the scopes, which it sends back as they are. */
function written({ authentication, edge, thumbprints, status, statusReason }: RegisteredDevice): readonly unknown[] {
  return [authentication, edge, thumbprints.primary, thumbprints.secondary, status, statusReason];
}

function current(id: string): RegisteredDevice | undefined {
  return registeredDevice(rig.hub.registry.get(id));
}

function bare(etag: unknown): string {
  return String(etag).replaceAll('"', '');
}
