import type { Device, JsonObject } from '../../model/fleet.ts';
import { placeholderOf } from './placeholders.ts';

/** The first edgeAgent, as both forms of the configuration have it. */
export interface Agent {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly createOptions: JsonObject;
  readonly auth: { readonly serveraddress: string; readonly username: string; readonly password: string } | undefined;
}

/**
 * The agent of a device. A proxy is the agent's too, unless its own variables say otherwise; in place of the registry's
 * password stands a placeholder, which is filled in on the device.
 */
export function agentOf({ config, runtime }: Device): Agent {
  const { agent, proxy } = config;
  const { major, minor } = runtime.version;
  const fromProxy = {
    ...(proxy === undefined ? {} : { https_proxy: proxy.https }),
    ...(proxy?.noProxy === undefined ? {} : { no_proxy: proxy.noProxy }),
  };
  return {
    // The tag that the packages' own files have.
    image: agent.image ?? `mcr.microsoft.com/azureiotedge-agent:${major}.${minor}`,
    env: { ...fromProxy, ...agent.env },
    createOptions: agent.createOptions ?? {},
    auth:
      agent.registry === undefined
        ? undefined
        : {
            serveraddress: agent.registry.server,
            username: agent.registry.username,
            password: placeholderOf(agent.registry.passwordFrom),
          },
  };
}
