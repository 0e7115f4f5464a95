import type { ForEachName } from '../../model/setting-key.ts';
import { agentImageOf } from '../judge/agent-image.ts';
import type { FileMap, Source } from './file-settings.ts';
import { placeholderOf } from './placeholders.ts';

/**
 * How the agent signs in to its registry. A placeholder stands for the password, which the device's script fills in.
 */
function authOf({ device }: Source): FileMap | undefined {
  const { registry } = device.config.agent;
  if (registry === undefined) return undefined;
  return renamed({ ...registry, passwordFrom: placeholderOf(registry.passwordFrom) }, {
    server: 'serveraddress',
    username: 'username',
    passwordFrom: 'password',
  } satisfies ForEachName<'config.agent.registry', string>);
}

/** The settings of a section under the names that a file has for them. Settings that are `undefined` are left out. */
export function renamed(settings: object, names: Readonly<Record<string, string>>): FileMap {
  const values = new Map<string, unknown>(Object.entries(settings));
  const pairs = Object.entries(names).map(([name, called]) => [called, values.get(name)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/**
 * Where both files have the settings of the agent. The proxy of the device is also the agent's, unless its own
 * variables differ.
 */
export const agentSettings = {
  'config.agent.image': { at: 'agent.config.image', whole: ({ device }: Source) => agentImageOf(device) },
  'config.proxy.https': { at: 'agent.env.https_proxy' },
  'config.proxy.noProxy': { at: 'agent.env.no_proxy' },
  'config.agent.env': { at: 'agent.env', entries: true },
  'config.agent.createOptions': {
    at: 'agent.config.createOptions',
    whole: ({ device: { config } }: Source) => {
      const { createOptions = {} } = config.agent;
      return Object.keys(createOptions).length === 0 ? undefined : createOptions;
    },
  },
  'config.agent.registry': { at: 'agent.config.auth', says: authOf },
} as const;
