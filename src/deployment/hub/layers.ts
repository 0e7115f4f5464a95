import type { Desired } from '../form.ts';
import { type Problem, problem } from '../problem.ts';
import type { Reading } from '../reading/shape.ts';
import { readOneRoute } from './routes.ts';

const known = ['routes', 'storeAndForwardConfiguration', 'schemaVersion', 'mqttBroker', 'integrity'];

/** Judges what layers set in $edgeHub: single routes. */
export function judgeHubLayers(reading: Reading, { layers }: Desired): readonly Problem[] {
  for (const { path, key, keyOffset, value } of layers) {
    if (path[0] === 'routes' && path.length === 2) readOneRoute(reading, value, path.join('.'));
    else if (!known.includes(path[0] ?? '')) {
      reading.problems.push(problem('deployment/unknown-key', { of: reading.of, key: '', written: key }, keyOffset));
    }
  }
  return reading.problems;
}
