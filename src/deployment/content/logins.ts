import { type Problem, problem } from '../problem.ts';
import { hasPlaceholder } from '../template.ts';
import { dockerHub, isSameRegistry, registriesOf } from './registries.ts';
import type { Login, Setup } from './setup.ts';

/** Logins that edgeAgent uses for no image: FirstAuthConfig of DockerUtil.cs compares the address with the registry of the image. */
export function judgeLogins(setup: Setup): readonly Problem[] {
  const { complete, logins, modules, template } = setup;
  const registries = [...new Set(registriesOf(setup).map(({ registry }) => registry))];
  const open =
    !complete || (template && modules.some(({ image }) => image === undefined || hasPlaceholder(image.text)));
  return logins.flatMap((login) => {
    const address = login.address.text;
    if (template && hasPlaceholder(address)) return [];
    if (registries.some((registry) => isSameRegistry(registry, address))) return [];
    const why = whyUnused(login, registries);
    if (why === undefined && open) return [];
    const details = {
      name: login.key.split('.').at(-1) ?? '',
      address: address.slice(0, 200),
      registries,
      why: why ?? 'no image',
    } as const;
    return [problem('deployment/login-unused', details, login.address)];
  });
}

/** What is wrong with the address itself. */
function whyUnused({ address: { text } }: Login, registries: readonly string[]): 'form' | 'docker hub' | undefined {
  if (isSameRegistry(text, dockerHub)) return undefined;
  if (
    /^(https?:\/\/)?((index|registry-1|registry)\.)?docker\.(io|com)(\/.*)?$/i.test(text) &&
    registries.includes(dockerHub)
  ) {
    return 'docker hub';
  }
  return /^[a-z]+:\/\/|\/|^\s|\s$/i.test(text) ? 'form' : undefined;
}
