import { idOf, type Registry } from '../model/registry.ts';
import { cutShort, type Stop } from '../model/stop.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace } from './pace.ts';

/**
 * Wraps a registry for a run that may be stopped. When the stop is overdue, a write under way counts as not answered,
 * and a read fails. Reads of one device count for the pace.
 */
export function stoppable(registry: Registry, stop: Stop, paces: { readonly registry: Pace }): Registry {
  const { overdue } = stop;
  const message = outcomeReason.stoppedBeforeAnswer();
  const fail = () => {
    throw stop.fault();
  };
  return {
    host: registry.host,
    read: (ids, options) => cutShort(overdue, registry.read(ids, options), fail),
    readOne(id) {
      paces.registry.spend(1);
      return cutShort(overdue, registry.readOne(id), fail);
    },
    readEdgeDevices: () => cutShort(overdue, registry.readEdgeDevices(), fail),
    write: (writes) =>
      cutShort(overdue, registry.write(writes), () =>
        writes.map((write) => ({ id: idOf(write), answer: 'unanswered' as const, message })),
      ),
    readWithTwin: (id) => cutShort(overdue, registry.readWithTwin(id), fail),
    readTwin: (id) => cutShort(overdue, registry.readTwin(id), fail),
    patchTags: (id, patch, etag) =>
      cutShort(overdue, registry.patchTags(id, patch, etag), () => ({ id, answer: 'unanswered' as const, message })),
    close: () => registry.close(),
  };
}
