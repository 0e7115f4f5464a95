import { hasPlaceholder } from '../template.ts';
import type { ModuleSetup, Setup } from './setup.ts';

/** Constants.cs: where edgeAgent thinks an image without a registry comes from. */
export const dockerHub = 'https://index.docker.io/v1/';

/**
 * The registry of an image, as edgeAgent looks for its login: TryParseDomainFromImage of DockerUtil.cs. An image of one part, such as
 * `nginx:1`, has none.
 */
function registryOf(image: string): string | undefined {
  const [first = '', ...more] = image.trim().split('/');
  if (more.length === 0) return undefined;
  return /[.:]/.test(first) ? first : dockerHub;
}

export function registriesOf({
  modules,
  template,
}: Setup): readonly { readonly module: ModuleSetup; readonly registry: string }[] {
  return modules.flatMap((module) => {
    const image = module.image?.text;
    if (image === undefined || (template && hasPlaceholder(image))) return [];
    const registry = registryOf(image);
    return registry === undefined ? [] : [{ module, registry }];
  });
}

export function isSameRegistry(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
