import type { Identity } from '../devices/identity.ts';
import { isJsonObject } from '../wire/json.ts';
import type { Assignment } from './assignment.ts';
import { noAssignment } from './ranking.ts';

/** What an edge device reports about its deployment. */
export type Outcome = 'none' | 'successful' | 'failed';

/** Where a device stands. */
export interface Standing {
  readonly assignment: Assignment;
  readonly outcome: Outcome;
}

/** Where all devices stand. Those that stand alike share one object, so that counting takes no look at each device. */
export interface Standings {
  /** Number of devices that something targets. */
  size(): number;
  /** What is wanted of a device as of the last evaluation. */
  assignmentOf(deviceId: string): Assignment;
  put(deviceId: string, assignment: Assignment, outcome: Outcome): void;
  /** Number of devices that stand so. */
  count(wanted: (standing: Standing) => boolean): number;
  /** The assignments that some device has. */
  assignments(): ReadonlySet<Assignment>;
}

interface Group extends Standing {
  devices: number;
}

export function createStandings(): Standings {
  const devices = new Map<string, Group>();
  const groups = new Map<Assignment, Map<Outcome, Group>>();

  function groupOf(assignment: Assignment, outcome: Outcome): Group {
    const known = groups.get(assignment) ?? new Map<Outcome, Group>();
    groups.set(assignment, known);
    const group = known.get(outcome) ?? { assignment, outcome, devices: 0 };
    known.set(outcome, group);
    return group;
  }

  function leave(deviceId: string): void {
    const group = devices.get(deviceId);
    if (group === undefined) return;
    devices.delete(deviceId);
    group.devices -= 1;
    if (group.devices > 0) return;
    groups.get(group.assignment)?.delete(group.outcome);
    if (groups.get(group.assignment)?.size === 0) groups.delete(group.assignment);
  }

  return {
    size: () => devices.size,
    assignmentOf: (deviceId) => devices.get(deviceId)?.assignment ?? noAssignment,
    put(deviceId, assignment, outcome) {
      const before = devices.get(deviceId);
      if (before?.assignment === assignment && before.outcome === outcome) return;
      leave(deviceId);
      if (assignment === noAssignment) return;
      const group = groupOf(assignment, outcome);
      group.devices += 1;
      devices.set(deviceId, group);
    },
    count(wanted) {
      let total = 0;
      for (const group of groups.values()) for (const each of group.values()) if (wanted(each)) total += each.devices;
      return total;
    },
    assignments: () => new Set(groups.keys()),
  };
}

/** By the conditions in the queries of the system's metrics (recorded). */
export function outcomeOf(device: Identity, { deployment }: Assignment): Outcome {
  if (deployment === undefined) return 'none';
  const agent = device.modules?.find(({ moduleId }) => moduleId === '$edgeAgent')?.twin;
  const reported = agent?.reported?.values;
  if (reported === undefined || reported.lastDesiredVersion !== (agent?.desired?.version ?? 1)) return 'none';
  const status = reported.lastDesiredStatus;
  const code = isJsonObject(status) ? status.code : undefined;
  if (code === undefined) return 'none';
  return code === 200 ? 'successful' : 'failed';
}
