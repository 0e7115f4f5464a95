import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import type { Identity } from '../../src/model/identity.ts';
import { digest } from '../plan/devices.ts';
import { fc, times } from '../support/property.ts';
import { type Fields, fleet, isBulk, type Rig, useRig } from './rig.ts';
import { Watch } from './watch.ts';

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
      times(80),
    );
  });

  it('also where devices have a parent that is made or changed in the same run', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(moment(quickTroubles), { maxLength: 20 }), async (states, moments) => {
        await holds(states, moments, 60_000, 'nested');
      }),
      times(60),
    );
  });

  it('also where writes land long after they were given up', async () => {
    const troubles = [...quickTroubles, 'late', 'late', { kind: 'hang', when: 'after' }] as const;
    await fc.assert(
      fc.asyncProperty(start, fc.array(moment(troubles), { maxLength: 8 }), async (states, moments) => {
        await holds(states, moments, 100);
      }),
      times(20),
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
      times(50),
    );
  });
});

/** Runs once, on an empty hub, and checks; gives back the results of the devices. */
async function holds(
  states: readonly string[],
  moments: readonly Moment[],
  attemptTimeoutMs: number,
  shape: 'flat' | 'nested' = 'flat',
) {
  rig.disturb = undefined;
  for (const { deviceId } of rig.hub.registry.all()) rig.hub.registry.remove(deviceId);
  for (const [n, state] of states.entries()) seed(rig, n, state);
  const changes = await rig.plan(shape === 'flat' ? fleet(devices) : nested());
  const watch = new Watch(rig, changes);
  const late = lateArrivals();
  const left = [...moments];
  rig.disturb = async (call) => {
    const { acts, trouble } = left.shift() ?? { acts: [], trouble: undefined };
    for (const [n, act] of acts) {
      // Without its parent the hub refuses a child, which is another story.
      const comesAndGoes = watch.mayComeAndGo(n) && (shape === 'flat' || n > 0);
      if ((act !== 'make' && act !== 'delete') || comesAndGoes) perform(n, act);
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

/** The first device is the parent of all others. */
function nested(): readonly Identity[] {
  return fleet(devices).map((identity, n) => {
    return n === 0 ? identity : { ...identity, device: { ...identity.device, parent: 'edge-0' } };
  });
}

function isCarriedOut(trouble: Moment['trouble']): boolean {
  if (trouble === undefined || trouble === 'late' || trouble.kind === 'truncate' || trouble.kind === 'slow')
    return true;
  return (trouble.kind === 'close' || trouble.kind === 'hang') && trouble.when === 'after';
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
