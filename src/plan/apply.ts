import type { Fault } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { Change, DeviceOutcome, Removal } from '../model/plan.ts';
import type { Registry } from '../model/registration.ts';
import { remove } from './remove.ts';
import { type RoundOptions, Rounds } from './rounds.ts';
import type { Writable } from './settle.ts';
import { writeInWaves } from './waves.ts';
import { type TagOutcome, type TagWork, writeTags } from './write-tags.ts';

/** What carrying out needs from outside. */
export interface ApplyOptions extends RoundOptions {
  /** Told, when the devices are registered, of how many the tags are to be written. */
  readonly tagging?: (devices: number) => void;
}

export interface Applied {
  /** One per create, update and removal, in no particular order. */
  readonly outcomes: readonly DeviceOutcome[];
  /** What ended the run early, if anything did: the hub refuses us or cannot be reached. */
  readonly fault?: Fault;
}

/**
 * Writes creates and updates, in bulks of up to 100, parents before their children, and then tags, device by device, then removals. A device is
 * read back only where its answer was lost or contradicts the plan. Nobody else's change is overwritten: every update carries the
 * etag that was read. Never throws: a device the hub refuses fails alone, a hub that refuses us ends the run with a fault.
 */
export async function apply(changes: readonly Change[], registry: Registry, options: ApplyOptions): Promise<Applied> {
  const writable = changes.filter((change) => change.kind === 'create' || change.kind === 'update');
  const rounds = new Rounds(registry, options);
  await writeInWaves(writable.filter(registers), rounds, registry);
  const registered = new Map(rounds.outcomes.map((outcome) => [outcome.device, outcome]));
  const works = writable.flatMap((change) => tagWork(change, registered.get(change.id), rounds.readBack));
  const tagged = new Map<DeviceId, TagOutcome>();
  let { fault } = rounds;
  if (fault !== undefined) for (const { id } of works) tagged.set(id, { id, result: 'failed', reason: fault.message });
  else if (works.length > 0) {
    options.tagging?.(works.length);
    fault = await writeTags(works, registry, { ...options, done: (outcome) => tagged.set(outcome.id, outcome) });
  }
  const written = writable.map((change) => outcomeOf(change, registered.get(change.id), tagged.get(change.id)));
  const removed = await removeLast(changes.filter(isRemoval), registry, options, fault);
  fault ??= removed.fault;
  const outcomes = [...written, ...removed.outcomes];
  return fault === undefined ? { outcomes } : { outcomes, fault };
}

function isRemoval(change: Change): change is Removal {
  return change.kind === 'disable' || change.kind === 'delete';
}

/** A hub that has refused us is asked for nothing more. */
async function removeLast(
  removals: readonly Removal[],
  registry: Registry,
  options: ApplyOptions,
  fault: Fault | undefined,
): Promise<Applied> {
  if (fault === undefined) return remove(removals, registry, options);
  return {
    outcomes: removals.map(({ id: device, hub }) => ({ device, hub, result: 'failed', reason: fault.message })),
  };
}

/** A device is registered by a create, and by an update of which not the tags alone differ. */
function registers(change: Writable): boolean {
  return change.kind === 'create' || change.registers;
}

/** What is left to do for the tags of a device, once it is registered: a new one has begun with them, if the hub said so. */
function tagWork(
  change: Writable,
  outcome: DeviceOutcome | undefined,
  readBack: ReadonlySet<DeviceId>,
): readonly TagWork[] {
  if (outcome !== undefined && !isRight(outcome)) return [];
  const { id } = change;
  const wanted = change.identity.device.tags;
  if (change.kind === 'update') {
    const { tags, found } = change;
    return tags === undefined || found.twin === undefined ? [] : [{ id, wanted, planned: found.twin }];
  }
  const doubtful = change.registration.tags !== undefined && readBack.has(id);
  return doubtful ? [{ id, wanted, planned: { tags: {} }, mayBeDone: outcome?.result === 'created' }] : [];
}

function outcomeOf(
  change: Writable,
  registered: DeviceOutcome | undefined,
  tags: TagOutcome | undefined,
): DeviceOutcome {
  const { id: device, hub } = change;
  if (tags?.result === 'failed' || tags?.result === 'unknown') {
    const part = registered === undefined ? 'tags' : 'registered, but its tags are not as wanted';
    return { device, hub, result: tags.result, reason: `${part}: ${tags.reason ?? ''}` };
  }
  const outcome = registered ?? { device, hub, result: 'unchanged', reason: 'already so when it was to be written' };
  const begun = outcome.result === 'created' && change.registration.tags !== undefined;
  if (tags?.result !== 'written') return begun ? { ...outcome, tags: 'written' } : outcome;
  return { device, hub, result: outcome.result === 'created' ? 'created' : 'updated', tags: 'written' };
}

function isRight({ result }: DeviceOutcome): boolean {
  return result !== 'failed' && result !== 'unknown';
}
