import { setTimeout as delay } from 'node:timers/promises';
import type { HubCredential } from '../hub/credential.ts';
import type { ImportContainer } from '../hub/import/import-container.ts';
import type { HubHost } from '../model/fleet.ts';
import { hubOf } from '../model/hub-name.ts';
import type { Progress } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import type { Command } from '../model/report.ts';
import { type Stop, StopSwitch } from '../model/stop.ts';
import type { Workspace } from '../model/workspace.ts';
import { runFault } from './faults.ts';
import { readNamed } from './named-file.ts';
import type { World } from './request.ts';
import { signingIn } from './sign-in.ts';
import { version } from './version.ts';

/** What a door knows about the place where a run happens. */
export interface Surroundings {
  readonly command: Command;
  readonly workspace: Workspace;
  readonly credentials: readonly HubCredential[];
  /** The path of one more certificate authority, PEM. */
  readonly caFile: string | undefined;
  /** The container for import jobs. If absent, everything is written in bulks. */
  readonly importContainer?: ImportContainer | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  /** Gets each secret that the run makes, before it is used. If absent, no log is kept from showing them. */
  readonly mask?: (secret: string) => void;
  /** If absent, only the end of the process stops the run. */
  readonly stop?: Stop;
  /** If absent, bundles are not published. */
  readonly checkPublishing?: () => void;
  /** If absent, the files are taken to be the newest. */
  readonly requireCurrent?: World['requireCurrent'];
  /** If absent, nothing can be removed. */
  readonly openHistory?: World['openHistory'];
  /** If absent, there is no pull request. */
  readonly openBase?: World['openBase'];
  /** If absent, no commit before is known. */
  readonly openBefore?: World['openBefore'];
  /** If absent, no times of commits are known. */
  readonly committedAt?: World['committedAt'];
}

/** The world of a real run, with the real clock and the real network. */
export function realWorld(surroundings: Surroundings): World {
  const { workspace, progress, openBase, openBefore, committedAt, requireCurrent } = surroundings;
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
    ...(openBefore === undefined ? {} : { openBefore }),
    ...(committedAt === undefined ? {} : { committedAt }),
    openRegistry: (hub) => openRegistry(hub, surroundings),
  };
}

async function noHistory(): Promise<never> {
  throw runFault('no-history', {});
}

async function openRegistry(hub: HubHost, surroundings: Surroundings): Promise<Registry> {
  const { command, workspace, credentials, caFile, env, progress, importContainer, mask } = surroundings;
  const credential = credentials.find(({ host }) => hubOf(host) === hub);
  // Entra signs in to every hub that is named, so this run has connection strings, but none for this hub.
  if (credential === undefined) throw runFault('no-connection-string', { hub });
  progress.phase(signingIn(command, credential, importContainer !== undefined));
  const [{ openRegistry: open }, { getProxyForUrl }] = await Promise.all([
    import('../hub/registry.ts'),
    import('proxy-from-env'),
  ]);
  return open(credential, {
    ca: readCa(caFile, workspace.root),
    userAgent: userAgent(env.GITHUB_RUN_ID),
    proxyFor: getProxyForUrl,
    importContainer,
    tell: progress.phase,
    waiting: progress.waiting,
    mask,
  });
}

/** In bytes. The certificate authorities of a whole system have less than 1 MB. */
const largestCa = 10 * 1024 * 1024;

/**
 * Reads the file of one more certificate authority. Throws a usage `Fault` if it cannot be read.
 * @param workspace the root of the workspace, absolute
 */
export function readCa(path: string | undefined, workspace: string): string | undefined {
  if (path === undefined) return undefined;
  const read = readNamed(path, workspace, largestCa);
  if (!read.ok) throw runFault('ca-file-unreadable', { why: read.detail });
  return read.bytes.toString('utf8');
}

function userAgent(runId: string | undefined): string {
  return `provision-iot-edge/${version}${runId === undefined ? '' : ` (GitHub run ${runId})`}`;
}
