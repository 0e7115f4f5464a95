import { messageOf } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { DeviceOutcome } from '../model/plan.ts';
import type { Registry } from '../model/registration.ts';
import { nextRegistration } from './compare.ts';
import { eachInFlight } from './in-flight.ts';
import { ownScopeOf } from './parents.ts';
import type { Rounds } from './rounds.ts';
import type { Writable } from './settle.ts';

const readsInFlight = 8;

/**
 * Writes parents before their children: the scope by which a device is a parent is made by the hub together with the device, and a
 * bulk's answer does not tell it. So each new parent is read once (one operation), and only where a child waits for it.
 */
export async function writeInWaves(changes: readonly Writable[], rounds: Rounds, registry: Registry): Promise<void> {
  let waiting = changes;
  while (waiting.length > 0) {
    const ahead = new Set(waiting.map(({ id }) => id));
    const ready = waiting.filter((change) => {
      const parent = parentAwaited(change);
      return parent === undefined || !ahead.has(parent);
    });
    // A circle of parents is refused long before; it must not hang here.
    const wave = ready.length > 0 ? ready : waiting;
    const chosen = new Set(wave);
    waiting = waiting.filter((change) => !chosen.has(change));
    await rounds.write(await attached(wave, rounds, registry));
  }
}

/** The id of the parent whose scope is not known yet. */
function parentAwaited({ parent }: Writable): DeviceId | undefined {
  return parent === undefined || parent.scope !== undefined ? undefined : (parent.id ?? undefined);
}

/** The devices of a wave with the scopes of their parents; without those whose parent is not there, which fail. */
async function attached(wave: readonly Writable[], rounds: Rounds, registry: Registry): Promise<readonly Writable[]> {
  const children = new Map<DeviceId, Writable[]>();
  for (const change of wave) {
    const parent = parentAwaited(change);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), change]);
  }
  if (children.size === 0) return wave;
  const outcomes = new Map(rounds.outcomes.map((outcome) => [outcome.device, outcome]));
  const scopes = new Map<DeviceId, string>();
  await eachInFlight(children, readsInFlight, async ([parent, waiting]) => {
    const found = await scopeOf(parent, outcomes.get(parent), rounds, registry);
    if ('scope' in found) scopes.set(parent, found.scope);
    else rounds.refuse(waiting, found.reason);
  });
  return wave.flatMap((change) => {
    const parent = parentAwaited(change);
    if (parent === undefined) return [change];
    const scope = scopes.get(parent);
    return scope === undefined ? [] : [attach(change, parent, scope)];
  });
}

async function scopeOf(
  parent: DeviceId,
  outcome: DeviceOutcome | undefined,
  rounds: Rounds,
  registry: Registry,
): Promise<{ readonly scope: string } | { readonly reason: string }> {
  if (rounds.fault !== undefined) return { reason: rounds.fault.message };
  if (outcome?.result === 'failed') return { reason: `its parent "${parent}" failed: ${outcome.reason ?? ''}` };
  try {
    const scope = ownScopeOf(await registry.readOne(parent));
    return scope === undefined
      ? { reason: `the hub shows no edge device "${parent}" to be its parent. Plan again.` }
      : { scope };
  } catch (thrown) {
    return { reason: `its parent "${parent}" could not be read: ${messageOf(thrown)}` };
  }
}

function attach(change: Writable, id: DeviceId, scope: string): Writable {
  const parent = { id, scope };
  if (change.kind === 'create') {
    return { ...change, parent, registration: { ...change.registration, parentScopes: [scope] } };
  }
  return { ...change, parent, registration: nextRegistration(change.identity, change.found, parent) };
}
