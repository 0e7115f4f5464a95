import type { Device } from '../../model/fleet.ts';
import type { Secret } from '../install/linux.ts';

/** What stands in a bundle for a secret. Only names that begin with `IOTEDGE_` come here. */
export function placeholderOf(variable: string): string {
  return `\${${variable}}`;
}

/** The placeholders that a device's configuration may hold. No value of the manifest holds one: that is a finding. */
export function placeholdersOf(device: Device): readonly string[] {
  return variablesOf(device).map(placeholderOf);
}

/**
 * What is to be filled into a device's configuration (of either form), by line and in the order of the lines: the password
 * of the registry as text, the PIN of the security module as a part of each URI that needs it.
 */
export function secretsIn(configuration: string, device: Device): readonly Secret[] {
  const secrets = variablesOf(device).map((variable) => ({ variable, placeholder: placeholderOf(variable) }));
  if (secrets.length === 0) return [];
  return configuration.split('\n').flatMap((line) =>
    secrets
      .filter(({ placeholder }) => !line.trimStart().startsWith('#') && line.includes(placeholder))
      .map(({ variable, placeholder }): Secret => {
        const encoding = line.includes(`pin-value=${placeholder}`) ? 'uri' : 'text';
        return { variable, line, placeholder, encoding };
      }),
  );
}

function variablesOf({ config, identity }: Device): readonly string[] {
  const named = [config.agent.registry?.passwordFrom, identity.pinFrom].filter((name) => name !== undefined);
  return [...new Set(named)];
}
