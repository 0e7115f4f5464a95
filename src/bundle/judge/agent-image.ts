import type { Device } from '../../model/fleet.ts';

/** The image of the first edgeAgent. If the manifest names none, with the tag that the packages' own files have. */
export function agentImageOf({ config, runtime: { version } }: Device): string {
  return config.agent.image ?? `mcr.microsoft.com/azureiotedge-agent:${version.major}.${version.minor}`;
}
