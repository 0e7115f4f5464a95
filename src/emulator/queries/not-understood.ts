import { Refused } from '../wire/errors.ts';

/** The refusal of a query or a condition, with what is wrong with it. */
export function notUnderstood(why: string): Refused {
  return new Refused('ArgumentInvalid', `BadRequest: the query is not understood, ${why.slice(0, 200)}`);
}
