import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault, messageOf } from '../../model/fault.ts';
import { isPolicyName, type PolicyKeys, policyNames } from '../access/rights.ts';
import { emulatorFault } from '../faults.ts';
import type { Job } from '../jobs/jobs.ts';
import type { ScheduledJob } from '../jobs/scheduled/scheduled-job.ts';
import { isJsonObject } from '../wire/json.ts';
import { replaceFile } from './atomic-file.ts';
import { type Authority, isUsable, isUsableCa, makeAuthority, withServer } from './authority.ts';
import { type ConfigurationStore, openConfigurationStore } from './configuration-store.ts';
import { type JobStore, noJobStore, openJobStore, openScheduledJobStore } from './job-store.ts';
import type { Journal } from './journal.ts';
import { openJournal } from './journal.ts';

/**
 * The directory where a hub keeps its state over restarts: CA and certificate, policy keys, port, devices. Files with
 * secrets have mode 0600.
 */
export interface HubDirectory {
  /** Absolute path of the CA's certificate. */
  readonly caFile: string;
  readonly authority: Authority;
  readonly keys: PolicyKeys;
  /** The port of the last run, 0 at first. */
  readonly port: number;
  /** Undefined if nothing is kept. */
  readonly journal: Journal | undefined;
  readonly jobs: JobStore<Job>;
  readonly scheduled: JobStore<ScheduledJob>;
  readonly configurations: ConfigurationStore;
  rememberPort(port: number): void;
  /** Deletes the folder if it is a temporary one. */
  release(): void;
}

/**
 * Opens the directory and creates it if it does not exist. Without a path it makes a temporary one, which holds only
 * the CA's certificate. Throws `Fault` if the
 * directory cannot be used or holds something else.
 * @param names the host names that the hub has beside localhost
 */
export async function openDirectory(
  path: string | undefined,
  now: Date,
  names: readonly string[],
): Promise<HubDirectory> {
  if (path === undefined) return temporaryDirectory(await makeAuthority(now, names));
  try {
    return await keptDirectory(resolve(path), now, names);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw emulatorFault('directory-unusable', { directory: path, why: messageOf(error) }, { cause: error });
  }
}

function temporaryDirectory(authority: Authority): HubDirectory {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-hub-'));
  const caFile = join(folder, 'ca.pem');
  replaceFile(caFile, [authority.ca], 0o644);
  return {
    caFile,
    authority,
    keys: newKeys(),
    port: 0,
    journal: undefined,
    jobs: noJobStore(),
    scheduled: noJobStore(),
    configurations: { stored: [], keep: () => {} },
    rememberPort: () => {},
    release: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function keptDirectory(folder: string, now: Date, names: readonly string[]): Promise<HubDirectory> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The keys are useless elsewhere and do not belong in a repository.
  replaceFile(join(folder, '.gitignore'), ['*\n'], 0o644);
  const settingsFile = join(folder, 'settings.json');
  const settings = readSettings(settingsFile) ?? { port: 0, keys: newKeys() };
  const remember = (port: number) => replaceFile(settingsFile, [JSON.stringify({ port, keys: settings.keys })], 0o600);
  remember(settings.port);
  return {
    caFile: join(folder, 'ca.pem'),
    authority: await keptAuthority(folder, now, names),
    keys: settings.keys,
    port: settings.port,
    journal: openJournal(join(folder, 'devices.jsonl')),
    jobs: openJobStore(join(folder, 'jobs.json')),
    scheduled: openScheduledJobStore(join(folder, 'scheduled-jobs.json')),
    configurations: openConfigurationStore(join(folder, 'configurations.json')),
    rememberPort: remember,
    release: () => {},
  };
}

/** The stored CA stays as long as it is valid, since clients trust it. Only the server's certificate follows the names. */
async function keptAuthority(folder: string, now: Date, names: readonly string[]): Promise<Authority> {
  const [caFile = '', caKeyFile = '', serverFile = ''] = ['ca.pem', 'ca-key.pem', 'server.pem'].map((name) =>
    join(folder, name),
  );
  const stored = { ca: textOf(caFile), caKey: textOf(caKeyFile), server: textOf(serverFile) };
  const isCaUsable = isUsableCa(stored, now);
  if (isCaUsable && isUsable(stored, now, names)) return stored;
  const authority = await (isCaUsable ? withServer(stored, now, names) : makeAuthority(now, names));
  replaceFile(serverFile, [authority.server], 0o600);
  replaceFile(caKeyFile, [authority.caKey], 0o600);
  replaceFile(caFile, [authority.ca], 0o644);
  return authority;
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

interface Settings {
  readonly port: number;
  readonly keys: PolicyKeys;
}

function readSettings(path: string): Settings | undefined {
  if (!existsSync(path)) return undefined;
  const settings = parsed(readFileSync(path, 'utf8'));
  if (isJsonObject(settings) && typeof settings.port === 'number' && isPolicyKeys(settings.keys)) {
    return { port: settings.port, keys: settings.keys };
  }
  throw emulatorFault('not-its-settings', { path });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPolicyKeys(value: unknown): value is PolicyKeys {
  return (
    isJsonObject(value) &&
    policyNames.every((name) => typeof value[name] === 'string') &&
    Object.keys(value).every(isPolicyName)
  );
}

function newKeys(): PolicyKeys {
  const key = () => randomBytes(32).toString('base64');
  return { iothubowner: key(), service: key(), device: key(), registryRead: key(), registryReadWrite: key() };
}
