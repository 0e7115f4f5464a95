import type { Desired, Layer } from '../form.ts';
import { type Problem, problem } from '../problem.ts';
import type { Reading, Shape } from '../reading/shape.ts';
import { anyModule } from './module.ts';
import { login } from './runtime-info.ts';

/** What layers may set whole. Anything else in a module is a part of it, which alone says nothing about the others. */
function shapeOf({ path }: Layer): Shape | undefined {
  const [first, ...rest] = path;
  if (first === 'modules' && rest.length === 1) return anyModule;
  if (path.slice(0, 3).join('.') === 'runtime.settings.registryCredentials' && path.length === 4) return login;
  return undefined;
}

const known = ['modules', 'systemModules', 'runtime', 'schemaVersion', 'integrity'];

/** Judges what layers set in $edgeAgent: whole modules, and logins, as Microsoft's own layers do. */
export function judgeAgentLayers(reading: Reading, { layers }: Desired): readonly Problem[] {
  for (const layer of layers) {
    const { path, value, key, keyOffset } = layer;
    const shape = shapeOf(layer);
    if (shape !== undefined) reading.read(value, shape, path.join('.'));
    else if (!known.includes(path[0] ?? '')) {
      reading.problems.push(problem('deployment/unknown-key', { of: reading.of, key: '', written: key }, keyOffset));
    }
  }
  return reading.problems;
}
