import { offsetOf } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import { registriesOf } from './registries.ts';
import type { Setup } from './setup.ts';

/** What is compared with other deployments: no more than that, since a run may have thousands. */
export interface Facts {
  readonly complete: boolean;
  /** Registries for which it has a login, in small letters. */
  readonly logins: readonly string[];
  /** Registries of images for which it has none, each with one module. */
  readonly withoutLogin: readonly { readonly registry: string; readonly module: string; readonly offset: number }[];
  readonly modules: readonly string[];
  /** What layers set in modules that are not here. */
  readonly parts: readonly { readonly path: string; readonly module: string; readonly offset: number }[];
}

export function factsOf(setup: Setup): Facts {
  const logins = new Set(setup.logins.map(({ address }) => address.text.toLowerCase()));
  const withoutLogin = new Map<string, Facts['withoutLogin'][number]>();
  for (const { registry, module } of registriesOf(setup)) {
    if (logins.has(registry.toLowerCase()) || withoutLogin.has(registry) || module.image === undefined) continue;
    withoutLogin.set(registry, { registry, module: module.name, offset: offsetOf(module.image) });
  }
  return {
    complete: setup.complete,
    logins: [...logins],
    withoutLogin: [...withoutLogin.values()],
    modules: setup.modules.map(({ name }) => name),
    parts: partsOf(setup),
  };
}

function partsOf({ deployment: { agent }, modules }: Setup): Facts['parts'] {
  if (agent === undefined) return [];
  return agent.layers.flatMap(({ path, keyOffset }) => {
    const [list, name = ''] = path;
    const isPart = (list === 'modules' || list === 'systemModules') && path.length > 2;
    if (!isPart || modules.some((module) => module.name === name)) return [];
    return [{ path: path.join('.'), module: name, offset: agent.value.source.inFile(keyOffset) }];
  });
}

interface Told<Of> {
  readonly of: Of;
  readonly problem: Problem;
}

/** What deployments of one run lack that others of them have. */
export function judgeTogether<Of extends Facts>(all: readonly Of[]): readonly Told<Of>[] {
  const [whole, layers] = [all.filter(({ complete }) => complete), all.filter(({ complete }) => !complete)];
  const logins = new Set(whole.flatMap((one) => one.logins));
  // A layer can bring a login to each device, so that nothing is known where one of them has it.
  const layered = new Set(layers.flatMap((one) => one.logins));
  const modules = new Set(all.flatMap((one) => one.modules));
  const lacking = whole.flatMap((of) =>
    of.withoutLogin
      .filter(({ registry }) => logins.has(registry.toLowerCase()) && !layered.has(registry.toLowerCase()))
      .map(({ offset, ...details }) => ({ of, problem: problem('deployment/login-missing', details, offset) })),
  );
  // Without any whole deployment nobody knows what the layers are laid on.
  const baseless = (whole.length === 0 ? [] : all).flatMap((of) =>
    of.parts
      .filter(({ module }) => !modules.has(module))
      .map(({ offset, ...details }) => ({ of, problem: problem('deployment/layer-base', details, offset) })),
  );
  return [...lacking, ...baseless];
}
