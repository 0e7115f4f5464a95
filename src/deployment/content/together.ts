import { member } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import { isSameRegistry, registriesOf } from './registries.ts';
import type { Setup } from './setup.ts';

interface Holder {
  readonly setup: Setup;
}

interface Told<Of> {
  readonly of: Of;
  readonly problem: Problem;
}

/** What deployments of one run lack that others of them have. */
export function judgeTogether<Of extends Holder>(all: readonly Of[]): readonly Told<Of>[] {
  return all.flatMap((of) => {
    const others = all.filter((one) => one !== of).map(({ setup }) => setup);
    const problems = [...missingLogins(of.setup, others), ...missingBases(of.setup, others)];
    return problems.map((one) => ({ of, problem: one }));
  });
}

/** A layer can bring a login to each device, so that nothing is known where one of them has it. */
function missingLogins(setup: Setup, others: readonly Setup[]): readonly Problem[] {
  if (!setup.complete) return [];
  const has = (one: Setup, registry: string) =>
    one.logins.some(({ address }) => isSameRegistry(address.text, registry));
  const told = new Set<string>();
  return registriesOf(setup).flatMap(({ module, registry }) => {
    const elsewhere = others.filter((other) => has(other, registry));
    const isMissing = !has(setup, registry) && elsewhere.length > 0 && elsewhere.every(({ complete }) => complete);
    if (!isMissing || told.has(registry) || module.image === undefined) return [];
    told.add(registry);
    return [problem('deployment/login-missing', { registry, module: module.name }, module.image)];
  });
}

/** A layer that sets a part of a module, where deployments of the run have other modules, and none this one. */
function missingBases(setup: Setup, others: readonly Setup[]): readonly Problem[] {
  const bases = [setup, ...others];
  const { agent } = setup.deployment;
  if (agent === undefined || !bases.some(({ complete }) => complete)) return [];
  return agent.layers.flatMap(({ path, keyOffset }) => {
    const [list, name = ''] = path;
    const isPart = (list === 'modules' || list === 'systemModules') && path.length > 2;
    const isThere = bases.some(({ modules }) => modules.some((module) => module.name === name));
    if (!isPart || isThere) return [];
    const at = agent.value.source.inFile(
      member(agent.value, `properties.desired.${path.join('.')}`)?.keyOffset ?? keyOffset,
    );
    return [problem('deployment/layer-base', { module: name, path: path.join('.') }, at)];
  });
}
