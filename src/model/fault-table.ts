import { Fault, type FaultKind } from './fault.ts';

/** One fault of a room's table. `Details` is what its texts need to know. */
export interface FaultRow<Details> {
  /** `world` if absent. */
  readonly kind?: FaultKind;
  /** What went wrong and where: a clause without a full stop. */
  message(details: Details): string;
  /** What to do, or to type: one sentence or more. */
  remedy(details: Details): string;
  /** Details for the test that holds every text. */
  readonly example: Details;
}

/** Gives each row of a table its own type of details. */
export function faultRow<Details>(row: FaultRow<Details>): FaultRow<Details> {
  return row;
}

/** Makes one fault of a table by its name. */
export type FaultMaker<Details> = <Name extends keyof Details>(
  name: Name,
  details: Details[Name],
  options?: { readonly cause?: unknown },
) => Fault;

/** Turns the table of a room into the function that makes its faults, so that their texts stand in the table alone. */
export function faultsOf<Details>(
  table: { readonly [Name in keyof Details]: FaultRow<Details[Name]> },
): FaultMaker<Details> {
  return (name, details, { cause } = {}) => {
    const { kind = 'world', message, remedy } = table[name];
    return new Fault(message(details), remedy(details), { kind, cause });
  };
}
