import { parseQuery } from '../queries/query.ts';
import { Refused } from '../wire/errors.ts';
import type { Texts } from './configuration.ts';

/** Documented: https://learn.microsoft.com/azure/iot-hub/iot-hub-automatic-device-management */
const most = 5;

/** Throws `Refused` InvalidConfigurationCustomMetricsQuery if a query is not understood, or if there are too many. */
export function requireMetricQueries(queries: Texts): void {
  const count = Object.keys(queries).length;
  if (count > most) throw invalidQueries(`there are ${count} custom metrics, at most ${most} are allowed`);
  for (const [name, why] of Object.entries(queryErrors(queries))) throw invalidQueries(`${name}: ${why}`);
}

/** What is wrong with each query that is not understood. */
export function queryErrors(queries: Texts): Texts {
  return Object.fromEntries(
    Object.entries(queries).flatMap(([name, query]) => {
      const why = queryError(query);
      return why === undefined ? [] : [[name, why] as const];
    }),
  );
}

function queryError(query: string): string | undefined {
  try {
    parseQuery(query);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function invalidQueries(why: string): Refused {
  return new Refused('InvalidConfigurationCustomMetricsQuery', `The custom metrics are invalid: ${why}`);
}
