import { type Assignment, assignmentOf, stronger } from './assignment.ts';
import type { Configuration } from './configuration.ts';

/** The configurations that may target a row, a device or a module, in order of strength. */
export interface Ranking<Row> {
  /** Number of configurations. */
  size(): number;
  /** `meets` undefined: it targets nothing here. */
  set(id: string, configuration: Configuration | undefined, meets: ((row: Row) => boolean) | undefined): void;
  /** What all configurations want of a row. The same object for rows that the same ones target. */
  assign(row: Row): Assignment;
  /** The same where only these configurations have changed since `before`. */
  reassigning(changed: ReadonlySet<string>): (before: Assignment, row: Row) => Assignment;
  /** Whether one of these configurations targets a row. */
  meeting(changed: ReadonlySet<string>): (row: Row) => boolean;
  /** Ends an evaluation: forgets the assignments that no row has, and how rows have moved. */
  keepOnly(used: ReadonlySet<Assignment>): void;
}

/** Of what nothing targets. */
export const noAssignment: Assignment = assignmentOf([]);

interface Ranked<Row> {
  readonly configuration: Configuration;
  readonly meets: (row: Row) => boolean;
}

export function createRanking<Row>(): Ranking<Row> {
  const known = new Map<string, Ranked<Row>>();
  let ranked: readonly Ranked<Row>[] = [];
  const assignments = new Map<string, Assignment>();
  /** By the assignment before and by which of the changed ones are met: `0` or `1` for each. */
  let transitions = new Map<Assignment, Map<string, Assignment>>();

  function assignmentFor(targets: readonly Configuration[]): Assignment {
    if (targets.length === 0) return noAssignment;
    // A content never changes, so these two say all that an assignment depends on.
    const key = targets.map(({ generationId, priority }) => `${generationId}/${priority}`).join(' ');
    const assignment = assignments.get(key) ?? assignmentOf(targets);
    assignments.set(key, assignment);
    return assignment;
  }

  function moved(before: Assignment, met: string, targets: () => readonly Configuration[]): Assignment {
    const moves = transitions.get(before) ?? new Map<string, Assignment>();
    transitions.set(before, moves);
    const after = moves.get(met) ?? assignmentFor(targets());
    moves.set(met, after);
    return after;
  }

  return {
    size: () => known.size,
    set(id, configuration, meets) {
      if (configuration === undefined || meets === undefined) known.delete(id);
      else known.set(id, { configuration, meets });
      ranked = [...known.values()].sort((one, other) => stronger(one.configuration, other.configuration));
    },
    assign(row) {
      let met = '*';
      for (const { meets } of ranked) met += meets(row) ? '1' : '0';
      return moved(noAssignment, met, () => ranked.filter((_, at) => met[at + 1] === '1').map(configurationOf));
    },
    reassigning(changed) {
      const asked = ranked.filter(({ configuration }) => changed.has(configuration.id));
      return (before, row) => {
        let met = '';
        for (const { meets } of asked) met += meets(row) ? '1' : '0';
        return moved(before, met, () => {
          const now = new Set(asked.filter((_, at) => met[at] === '1').map(({ configuration }) => configuration.id));
          return ranked
            .map(configurationOf)
            .filter(({ id }) => now.has(id) || (!changed.has(id) && before.ids.has(id)));
        });
      };
    },
    meeting(changed) {
      const asked = ranked.filter(({ configuration }) => changed.has(configuration.id));
      return (row) => asked.some(({ meets }) => meets(row));
    },
    keepOnly(used) {
      for (const [key, assignment] of assignments) if (!used.has(assignment)) assignments.delete(key);
      transitions = new Map();
    },
  };
}

function configurationOf<Row>({ configuration }: Ranked<Row>): Configuration {
  return configuration;
}
