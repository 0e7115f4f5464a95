import type { Device } from '../../model/fleet.ts';
import type { Secret } from '../install/linux.ts';

/** The text that stands for a secret in a bundle. The name of the variable begins with `IOTEDGE_`. */
export function placeholderOf(variable: string): string {
  return `\${${variable}}`;
}

/** The placeholders that a device's configuration may hold. A value of the manifest that holds one is a finding. */
export function placeholdersOf(device: Device): readonly string[] {
  return variablesOf(device).map(placeholderOf);
}

/**
 * Finds where the device's script has to fill in secrets, in config.yaml or config.toml, in the order of the lines. The
 * password of the registry is a text. The PIN of the security module is a part of each URI that needs it.
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
