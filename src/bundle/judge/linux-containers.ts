import type { Device } from '../../model/fleet.ts';
import { agentOf } from '../config/agent.ts';

/**
 * Whether a configuration can be written for the device. With Linux containers on Windows the daemon is found at
 * addresses that only `Initialize-IoTEdge` learns, so that all the device can be told is what this has parameters for.
 */
export function carriesConfiguration({ runtime }: Device): boolean {
  return runtime.platform !== 'windows' || runtime.containerOs !== 'linux';
}

const remedyOf = (key: string) => ({
  what: `${key} cannot be set with Linux containers on Windows: Initialize-IoTEdge has no parameter for it`,
  type: `Remove ${key}, or runtime.containerOs.`,
});

const unknown: readonly (readonly [key: string, says: (device: Device) => boolean])[] = [
  ['config.base', ({ config }) => config.base !== undefined],
  // It takes the name of the machine.
  ['config.hostname', ({ config }) => config.hostname !== undefined],
  ['config.agent.env', ({ config }) => Object.keys(config.agent.env).length > 0],
  ['config.agent.createOptions', ({ config }) => config.agent.createOptions !== undefined],
  // The agent gets it by its environment.
  ['config.proxy', ({ config }) => config.proxy !== undefined],
  ['config.network', ({ config }) => config.network !== undefined],
  ['config.watchdog', ({ config }) => config.watchdog !== undefined],
  ['config.edgeCa.lifetimeDays', ({ config }) => config.edgeCa?.lifetimeDays !== undefined],
];

/** What a device with Linux containers on Windows cannot be told, as rows of the limits of a runtime. */
export const limitsOfLinuxContainers = [
  ...unknown.map(([key, says]) => ({ key, says, only: carriesConfiguration, remedy: remedyOf(key) })),
  {
    key: 'config.agent.registry.server',
    says: (device: Device) => {
      const server = device.config.agent.registry?.server;
      return server !== undefined && server !== registryOf(agentOf(device).image);
    },
    only: carriesConfiguration,
    remedy: {
      what: 'config.agent.registry.server is not that of the image, from which Initialize-IoTEdge takes it with Linux containers',
      type: 'Name the registry in config.agent.image: REGISTRY/IMAGE:TAG, and the same one as the server.',
    },
  },
  {
    key: 'config.edgeCa',
    says: ({ config }: Device) =>
      [config.trustBundle, config.edgeCa?.certificate, config.edgeCa?.privateKey].some((path) =>
        /['$[\]`]|%(24|27|5B|5D|60)/i.test(path ?? ''),
      ),
    only: carriesConfiguration,
    remedy: {
      what: "config.edgeCa or config.trustBundle has one of ' $ [ ] ` in its path, which Initialize-IoTEdge cannot take with Linux containers",
      type: 'Choose a place without them.',
    },
  },
];

/** As `Get-AgentRegistry` of IotEdgeSecurityDaemon.ps1 does it. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && first.includes('.') ? first : 'index.docker.io';
}
