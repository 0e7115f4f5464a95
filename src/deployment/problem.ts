import type { Finding, Subject } from '../model/finding.ts';
import { type DetailsOf, finding, type RuleName } from '../rules/rules.ts';
import { type MapValue, offsetOf, type Value } from './json/value.ts';
import { most } from './limits.ts';

/** What a rule finds at a place in a deployment file. The place is an offset, since few files have problems. */
export interface Problem {
  readonly rule: RuleName;
  /** In the file. */
  readonly offset: number;
  readonly make: (subject: Subject) => Finding;
  /** When the runtime refuses it, if it does. */
  readonly stage?: string;
}

/** Problems of one deployment. The first ones are enough: a hostile file could have a million. */
export class Problems extends Array<Problem> {
  override push(...more: readonly Problem[]): number {
    return this.length < most.problems ? super.push(...more) : this.length;
  }
}

/** @param at the value it is about, or the offset in the file */
export function problem<Name extends RuleName>(rule: Name, details: DetailsOf[Name], at: Value | number): Problem {
  const stage = stageOf(details);
  return {
    rule,
    offset: typeof at === 'number' ? at : offsetOf(at),
    make: (subject) => finding(rule, details, subject),
    ...(stage === undefined ? {} : { stage }),
  };
}

/** The same about a key. Its offset is one in the source of its map. */
export function problemAtKey<Name extends RuleName>(
  rule: Name,
  details: DetailsOf[Name],
  map: MapValue,
  keyOffset: number,
): Problem {
  return problem(rule, details, map.source.inFile(keyOffset));
}

function stageOf(details: object): string | undefined {
  return 'stage' in details ? String(details.stage) : undefined;
}
