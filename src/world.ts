import { readFileSync } from 'node:fs';
import type { HubCredential } from './hub/connection-string.ts';
import { Fault, messageOf } from './model/fault.ts';
import type { HubHost } from './model/fleet.ts';
import type { Registry } from './model/registration.ts';
import type { Workspace } from './model/workspace.ts';
import type { Progress, World } from './provision.ts';
import { version } from './version.ts';

/** What a door knows of its surroundings. */
export interface Surroundings {
  readonly workspace: Workspace;
  readonly credentials: readonly HubCredential[];
  /** Path of one more certificate authority, PEM. */
  readonly caFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  /** Absent: bundles are not published. */
  readonly checkPublishing?: () => void;
}

/** The world as it is: the real clock, the real network. */
export function realWorld(surroundings: Surroundings): World {
  const { workspace, credentials, caFile, env, progress, checkPublishing = () => {} } = surroundings;
  return {
    workspace,
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds)),
    random: Math.random,
    progress,
    checkPublishing,
    openRegistry: (hub) => openRegistry(hub, credentials, caFile, env),
  };
}

/** Reads credentials only where there are any: the SDK's parser is not loaded for a run without a hub. */
export async function readCredentials(connectionStrings: string): Promise<readonly HubCredential[]> {
  if (connectionStrings.trim() === '') return [];
  const { readConnectionStrings } = await import('./hub/connection-string.ts');
  return readConnectionStrings(connectionStrings);
}

async function openRegistry(
  hub: HubHost,
  credentials: readonly HubCredential[],
  caFile: string | undefined,
  env: Surroundings['env'],
): Promise<Registry> {
  const credential = credentials.find(({ host }) => host === hub);
  if (credential === undefined) {
    const remedy = `Give a connection string whose HostName is ${hub}: the input connection-string, or IOTHUB_CONNECTION_STRING on the command line.`;
    throw new Fault(`there is no credential for ${hub}`, remedy, { kind: 'usage' });
  }
  const [{ openRegistry: open }, { getProxyForUrl }] = await Promise.all([
    import('./hub/registry.ts'),
    import('proxy-from-env'),
  ]);
  return open(credential, {
    ...(caFile === undefined ? {} : { ca: readCa(caFile) }),
    userAgent: userAgent(env.GITHUB_RUN_ID),
    proxyFor: getProxyForUrl,
  });
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const remedy = 'Give ca-file the path of a PEM file with a certificate authority.';
    throw new Fault(`ca-file cannot be read: ${messageOf(thrown)}`, remedy, { kind: 'usage', cause: thrown });
  }
}

function userAgent(runId: string | undefined): string {
  return `provision-iot-edge/${version}${runId === undefined ? '' : ` (GitHub run ${runId})`}`;
}
