import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { HubCredential } from '../hub/credential.ts';
import type { ImportContainer } from '../hub/import/import-container.ts';
import { describedNeeds } from '../hub/needs.ts';
import { Fault, messageOf } from '../model/fault.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Progress } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import type { Command } from '../model/report.ts';
import { type Stop, StopSwitch } from '../model/stop.ts';
import type { Workspace } from '../model/workspace.ts';
import type { World } from './request.ts';
import { describedSignIn } from './sign-in.ts';
import { version } from './version.ts';

/** What a door knows of its surroundings. */
export interface Surroundings {
  readonly command: Command;
  readonly workspace: Workspace;
  readonly credentials: readonly HubCredential[];
  /** Path of one more certificate authority, PEM. */
  readonly caFile: string | undefined;
  /** Through which large changes go; absent: none does. */
  readonly importContainer?: ImportContainer | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  /** Absent: nobody stops it but by ending the process. */
  readonly stop?: Stop;
  /** Absent: bundles are not published. */
  readonly checkPublishing?: () => void;
  /** Absent: nobody has newer files. */
  readonly requireCurrent?: World['requireCurrent'];
  /** Absent: nothing may be removed. */
  readonly openHistory?: World['openHistory'];
  /** Absent: there is no pull request. */
  readonly openBase?: World['openBase'];
}

/** The world as it is: the real clock, the real network. */
export function realWorld(surroundings: Surroundings): World {
  const { workspace, progress, openBase, requireCurrent } = surroundings;
  const { checkPublishing = () => {}, openHistory = noHistory, stop = new StopSwitch() } = surroundings;
  return {
    workspace,
    now: () => new Date(),
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
    random: Math.random,
    stop,
    progress,
    checkPublishing,
    openHistory,
    ...(requireCurrent === undefined ? {} : { requireCurrent }),
    ...(openBase === undefined ? {} : { openBase }),
    openRegistry: (hub) => openRegistry(hub, surroundings),
  };
}

async function noHistory(): Promise<never> {
  throw new Fault('the history of the repository is not known here', 'Leave prune out.', { kind: 'usage' });
}

async function openRegistry(hub: HubHost, surroundings: Surroundings): Promise<Registry> {
  const { command, credentials, caFile, env, progress, importContainer } = surroundings;
  const credential = credentials.find(({ host }) => host === hub);
  if (credential === undefined) {
    // Entra signs in to every hub that is named; so there are connection strings, of others.
    const remedy = `One way of signing in serves all hubs of a run: give a connection string whose HostName is ${hub} too (the input connection-string, or IOTHUB_CONNECTION_STRING on the command line), or none at all.`;
    throw new Fault(`there is no connection string for ${hub}`, remedy, { kind: 'usage' });
  }
  const needs = describedNeeds(command, credential, importContainer !== undefined);
  progress.phase(`signing in to ${hub} ${describedSignIn(credential)}; ${needs}`);
  const [{ openRegistry: open }, { getProxyForUrl }] = await Promise.all([
    import('../hub/registry.ts'),
    import('proxy-from-env'),
  ]);
  return open(credential, {
    ca: readCa(caFile),
    userAgent: userAgent(env.GITHUB_RUN_ID),
    proxyFor: getProxyForUrl,
    importContainer,
    tell: progress.phase,
  });
}

/** Throws a usage `Fault` for a file that cannot be read. */
export function readCa(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
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
