import { type Problem, problemAtKey } from '../problem.ts';
import { hasPlaceholder } from '../template.ts';
import type { Setup } from './setup.ts';

/**
 * Names that Docker takes for a container: RestrictedNamePattern of daemon/names/names.go, moby. edged uses the module's name. Docker
 * wants two characters; a single one is let pass, since only tests and examples have such names.
 */
const container = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** The hub refuses these in a key, which is told already. */
const ofHub = /[\s\p{Cc}.$#]/u;

/** Names of modules that no container can have. */
export function judgeNames({ modules, template }: Setup): readonly Problem[] {
  return modules
    .filter(({ name, system }) => !system && !container.test(name) && !ofHub.test(name))
    .filter(({ name }) => !(template && hasPlaceholder(name)))
    .map(({ name, map, keyOffset }) =>
      problemAtKey('deployment/module-name', { name: name.slice(0, 200) }, map, keyOffset),
    );
}
