import { resolve } from 'node:path';
import { parseCapacity } from '../model/capacity.ts';
import { Fault } from '../model/fault.ts';
import type { Finding } from '../model/finding.ts';
import { type HubHost, isHubHost } from '../model/fleet.ts';
import { type Command, commands } from '../model/report.ts';
import { readChangeLimit } from '../plan/limit.ts';
import type { Request } from './request.ts';

/** The settings of a run as text, by the inputs' names; an empty text is an absent one. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** Where a request is made: what the settings alone do not tell. */
export interface RequestContext {
  /** Absolute; `output-directory` and `plan-file` start there. */
  readonly directory: string;
  /** The hubs of the credentials. */
  readonly credentialHubs: readonly HubHost[];
  /** What the door has noticed. */
  readonly findings: readonly Finding[];
}

/** Reads the settings of a run, the same for the action and the command line. Throws a usage `Fault` that names the setting. */
export function readRequest(settings: Settings, context: RequestContext): Request {
  const planFile = text(settings, 'plan-file', '');
  const capacity = text(settings, 'hub-capacity', '');
  const timeLimit = text(settings, 'time-limit', '');
  const onlyHub = settings['only-hub']?.trim() ? host('only-hub', settings['only-hub']) : undefined;
  const hubs = lines(settings.hub).map((line) => host('hub', line));
  return {
    command: command(settings.command),
    manifests: lines(text(settings, 'manifest', 'devices.yaml')),
    hubs: [...new Set([...hubs, ...context.credentialHubs])],
    ...(onlyHub === undefined ? {} : { onlyHub }),
    outputDirectory: resolve(context.directory, text(settings, 'output-directory', 'device-bundles')),
    failOn: word(settings, 'fail-on', ['error', 'warning']),
    expiryWarningDays: days(settings, 'expiry-warning-days', 30),
    plan: {
      adopt: truth(settings, 'adopt'),
      allowLockout: truth(settings, 'allow-lockout'),
      maxChanges: changeLimit(text(settings, 'max-changes', '30%')),
      prune: word(settings, 'prune', ['none', 'disable', 'delete']),
    },
    ...(planFile === '' ? {} : { planFile: resolve(context.directory, planFile) }),
    ...(capacity === '' ? {} : { hubCapacity: parseCapacity(capacity, 'hub-capacity') }),
    ...(timeLimit === '' ? {} : { timeLimit: minutes('time-limit', timeLimit) }),
    findings: context.findings,
  };
}

/** The lines of a setting that has one value a line; blank ones left out. */
function lines(setting: string | undefined): readonly string[] {
  return (setting ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A setting that takes one of some words, the first by default. */
export function word<Word extends string>(settings: Settings, name: string, words: readonly [Word, ...Word[]]): Word {
  const given = text(settings, name, words[0]);
  const found = words.find((candidate) => candidate === given);
  if (found === undefined) throw wrong(name, given, `one of ${words.join(', ')}`);
  return found;
}

/** A setting in whole days, 0 to 3650. */
export function days(settings: Settings, name: string, fallback: number): number {
  const given = text(settings, name, String(fallback));
  if (!/^\d{1,4}$/.test(given) || Number(given) > 3650) throw wrong(name, given, 'a whole number of days, 0 to 3650');
  return Number(given);
}

/** Up to a week: no runner lives longer than 5 days. */
function minutes(name: string, given: string): number {
  if (/^\d{1,5}$/.test(given) && Number(given) >= 1 && Number(given) <= 10_080) return Number(given);
  throw wrong(name, given, 'a whole number of minutes, 1 to 10080');
}

function command(given: string | undefined): Command {
  const found = commands.find((candidate) => candidate === (given?.trim() || 'plan'));
  if (found === undefined) throw wrong('command', given ?? '', `one of ${commands.join(', ')}`);
  return found;
}

function host(name: string, given: string): HubHost {
  const lower = given.trim().toLowerCase();
  if (!isHubHost(lower)) throw wrong(name, given, "a hub's host name, such as contoso.azure-devices.net");
  return lower;
}

function truth(settings: Settings, name: string): boolean {
  return word(settings, name, ['false', 'true']) === 'true';
}

function changeLimit(given: string) {
  const limit = readChangeLimit(given);
  if (limit === undefined) throw wrong('max-changes', given, 'a whole number or a share, such as 50 or 30%');
  return limit;
}

function text(settings: Settings, name: string, fallback: string): string {
  return settings[name]?.trim() || fallback;
}

function wrong(name: string, given: string, expected: string): Fault {
  return new Fault(`${name}: ${JSON.stringify(given)} is not ${expected}`, `Give ${name} ${expected}.`, {
    kind: 'usage',
  });
}
