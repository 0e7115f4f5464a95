import { type Capacity, operationsPerMinute } from '../model/capacity.ts';
import type { Fault } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { Owner } from '../model/owner.ts';
import type { Change, DeviceOutcome, Removal } from '../model/plan.ts';
import type { Registry } from '../model/registry.ts';
import { isImportable } from './estimate.ts';
import { Imports, importsFrom } from './imports.ts';
import { outcomeReason } from './outcome-reasons.ts';
import { Pace } from './pace.ts';
import type { Timing } from './queue.ts';
import { register } from './register.ts';
import { remove } from './remove.ts';
import type { Writable } from './settle.ts';
import { stoppable } from './stoppable.ts';
import { type TagOutcome, type TagWork, writeTags } from './write-tags.ts';

const bulkSize = 100;

/** What `apply` needs from outside. */
export interface ApplyOptions extends Timing {
  /** Size of the hub. Writes are paced to its quota. If absent, the size is not known. */
  readonly capacity?: Capacity | undefined;
  /** This repository, whose mark the devices get. If absent, it is not known. */
  readonly owner?: Owner | undefined;
  /** Called after each call to the hub. */
  readonly progress: (standing: Standing) => void;
  /** Called once all devices are registered, with the number of devices whose tags are written next. */
  readonly tagging?: (devices: number) => void;
  /** Called with a sentence for people about an import job. */
  readonly importing?: (text: string) => void;
}

/** How far the writing to one hub has come. */
export interface Standing {
  /** Devices that are finished, failed ones included. */
  readonly done: number;
  readonly failed: number;
  /** Registry operations so far. */
  readonly operations: number;
}

export interface Applied {
  /** One for each create, update and removal, in no particular order. */
  readonly outcomes: readonly DeviceOutcome[];
  /** Why the run ended early: the hub refuses us or cannot be reached, or the run was stopped. Absent if it did not. */
  readonly fault?: Fault;
}

/**
 * Writes the changes of one hub: first creates and updates, in bulks of up to 100, parents before their children; then
 * tags and marks, device by device; then removals. Reads a device back only if the answer for it was lost or contradicts the
 * plan. Every update carries the etag that was read, so that it overwrites nobody else's change. Never throws. A device
 * that the hub refuses fails alone. A hub that refuses us, or a stop, ends the run with a fault.
 */
export async function apply(changes: readonly Change[], asked: Registry, options: ApplyOptions): Promise<Applied> {
  const { capacity, owner, progress, tagging, importing = () => {}, ...timing } = options;
  const rates = capacity === undefined ? undefined : operationsPerMinute(capacity);
  const pace = new Pace({ ...timing, most: bulkSize, perMinute: rates?.registry });
  const twinPace = new Pace({ ...timing, most: 1, perMinute: rates?.['twin-write'] });
  const registry = stoppable(asked, timing.stop, { registry: pace });
  const large = changes.filter(isImportable).length >= importsFrom(capacity);
  const { importer } = asked;
  const imports =
    importer !== undefined && large ? new Imports(importer, registry, { timing, tell: importing }) : undefined;
  const tell = (done: number, failed: number) => progress({ done, failed, operations: pace.operations });
  const writable = changes.filter((change) => change.kind === 'create' || change.kind === 'update');

  const registered = await register(writable.filter(registers), registry, {
    pace,
    timing,
    imports,
    progress: tell,
  });
  let { fault } = registered;

  const claims = changes.filter((change) => change.kind === 'claim');
  const works = [
    ...writable.flatMap((change) => tagWork(change, registered.outcomes.get(change.id), registered.readBack, owner)),
    ...claims.flatMap(claimWork),
  ];
  const tagged = new Map<DeviceId, TagOutcome>();
  if (fault !== undefined) for (const { id } of works) tagged.set(id, { id, result: 'failed', reason: fault.message });
  else if (works.length > 0) {
    tagging?.(works.length);
    fault = await writeTags(works, registry, {
      pace: twinPace,
      timing,
      done: (outcome) => tagged.set(outcome.id, outcome),
    });
  }
  const written = writable.map((change) =>
    outcomeOf(change, registered.outcomes.get(change.id), tagged.get(change.id)),
  );

  const claimed = claims.map((change) => claimOutcome(change, tagged.get(change.id)));

  const removed: DeviceOutcome[] = [];
  let failed = [...registered.outcomes.values()].filter((outcome) => !isRight(outcome)).length;
  const removals = changes.filter(isRemoval);
  // After a fault the hub is sent nothing more.
  if (fault !== undefined)
    for (const { id: device, hub } of removals) removed.push({ device, hub, result: 'failed', reason: fault.message });
  else {
    fault = await remove(removals, registry, {
      pace,
      timing,
      done: (outcome) => {
        removed.push(outcome);
        if (!isRight(outcome)) failed++;
        tell(registered.outcomes.size + removed.length, failed);
      },
    });
  }
  const outcomes = [...written, ...claimed, ...removed];
  return fault === undefined ? { outcomes } : { outcomes, fault };
}

function isRemoval(change: Change): change is Removal {
  return change.kind === 'disable' || change.kind === 'delete';
}

/** Whether the change takes a registry write. An update that changes only tags does not. */
function registers(change: Writable): boolean {
  return change.kind === 'create' || change.registers;
}

/**
 * Returns the tags that are still to be written once the device is registered. A new device is created together with
 * its tags, so it needs nothing, unless the hub did not confirm that.
 */
function tagWork(
  change: Writable,
  outcome: DeviceOutcome | undefined,
  readBack: ReadonlySet<DeviceId>,
  owner: Owner | undefined,
): readonly TagWork[] {
  if (outcome !== undefined && !isRight(outcome)) return [];
  const { id } = change;
  const wanted = change.identity.device.tags;
  if (change.kind === 'update') {
    const { tags, claim, found } = change;
    if ((tags ?? claim) === undefined || found.twin === undefined) return [];
    return [{ id, wanted, owner: claim?.owner ?? owner, planned: found.twin, claims: claim !== undefined }];
  }
  const doubtful = change.registration.tags !== undefined && readBack.has(id);
  return doubtful ? [{ id, wanted, owner, planned: { tags: {} }, mayBeDone: outcome?.result === 'created' }] : [];
}

function outcomeOf(
  change: Writable,
  registered: DeviceOutcome | undefined,
  tags: TagOutcome | undefined,
): DeviceOutcome {
  const { id: device, hub } = change;
  if (tags?.result === 'failed' || tags?.result === 'unknown') {
    const reason = outcomeReason.tagsNotWritten({ registered: registered !== undefined, why: tags.reason ?? '' });
    return { device, hub, result: tags.result, reason };
  }
  const outcome = registered ?? { device, hub, result: 'unchanged', reason: outcomeReason.alreadySo() };
  const begun = outcome.result === 'created' && change.registration.tags !== undefined;
  const claimed = change.kind === 'update' && change.claim !== undefined ? ({ owner: 'claimed' } as const) : {};
  if (tags?.result !== 'written') return { ...outcome, ...claimed, ...(begun ? { tags: 'written' } : {}) };
  const names = change.kind === 'create' || change.tags !== undefined ? ({ tags: 'written' } as const) : {};
  const result = outcome.result === 'created' ? 'created' : 'updated';
  return { device, hub, result, ...names, ...claimed };
}

type ClaimChange = Extract<Change, { kind: 'claim' }>;

function claimWork({ id, identity, found, claim }: ClaimChange): readonly TagWork[] {
  if (found.twin === undefined) return [];
  return [{ id, wanted: identity.device.tags, owner: claim.owner, planned: found.twin, claims: true }];
}

function claimOutcome({ id: device, hub }: ClaimChange, claim: TagOutcome | undefined): DeviceOutcome {
  if (claim?.result === 'written' || claim?.result === 'already') {
    return { device, hub, result: 'claimed', owner: 'claimed' };
  }
  return {
    device,
    hub,
    result: claim?.result ?? 'failed',
    ...(claim?.reason === undefined ? {} : { reason: claim.reason }),
  };
}

function isRight({ result }: DeviceOutcome): boolean {
  return result !== 'failed' && result !== 'unknown';
}
