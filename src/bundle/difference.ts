import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { ConfigurationChange } from '../model/report.ts';
import type { Workspace } from '../model/workspace.ts';
import { agentOf } from './config/agent.ts';
import { hostnameOf } from './judge/hostname.ts';
import { proxyProblem } from './judge/proxy.ts';
import { secretOf } from './judge/secrets.ts';

/** A fleet as one commit has it: its devices, and the files that they name. */
export interface FleetAt {
  readonly devices: readonly Device[];
  readonly workspace: Workspace;
}

/**
 * What devices of both fleets would run otherwise, as far as it reaches their bundles: equal changes together, those of
 * most devices first. The same device, version and files give the same bundle, so that what goes into it is compared.
 */
export function configurationChanges(before: FleetAt, after: FleetAt): readonly ConfigurationChange[] {
  const old = new Map(before.devices.map((device) => [nameOf(device), device]));
  const filesBefore = digests(before.workspace);
  const filesAfter = digests(after.workspace);
  const changes = new Map<string, { change: Omit<ConfigurationChange, 'devices'>; devices: DeviceId[] }>();
  for (const device of after.devices) {
    const was = old.get(nameOf(device));
    if (was === undefined) continue;
    const [from, to] = [settingsOf(was, filesBefore), settingsOf(device, filesAfter)];
    for (const key of new Set([...from.keys(), ...to.keys()])) {
      const [one, other] = [from.get(key), to.get(key)];
      if (one === other) continue;
      const change = { key, ...shown('before', key, one, other), ...shown('after', key, other, one) };
      const group = changes.get(JSON.stringify(change)) ?? { change, devices: [] };
      group.devices.push(device.id);
      changes.set(JSON.stringify(change), group);
    }
  }
  return [...changes.values()]
    .map(({ change, devices }) => ({ ...change, devices }))
    .sort((a, b) => b.devices.length - a.devices.length || (a.key < b.key ? -1 : 1));
}

function nameOf({ id, hub }: { readonly id: DeviceId; readonly hub?: HubHost | undefined }): string {
  return `${hub ?? ''}/${id}`;
}

type Digests = (path: string | undefined) => string | undefined;

/** A file that cannot be read counts as one that is not there; the checks of the head have told it. */
function digests(workspace: Workspace): Digests {
  const known = new Map<string, string | undefined>();
  return (path) => {
    if (path === undefined || known.has(path)) return known.get(path ?? '');
    const file = workspace.read(path, largestFile);
    const text = file.ok ? file.bytes.toString('latin1') : undefined;
    known.set(path, text);
    return text;
  };
}

const largestFile = 1024 * 1024;
const fileMark = '\0';

/** Everything of a device that its bundle is made of, by dotted key; of files the contents, behind a mark. */
function settingsOf(device: Device, contentsOf: Digests): ReadonlyMap<string, string> {
  const { config, identity, runtime } = device;
  const { agent, base, ...rest } = config;
  const { env, image, createOptions, auth } = agentOf(device);
  const settings = new Map<string, string>();
  const name = base === undefined ? hostnameOf(device) : config.hostname;
  flatten('', { ...rest, hostname: name }, settings);
  flatten('agent', { image: base === undefined ? image : agent.image, env, createOptions, registry: auth }, settings);
  flatten('identity', identity, settings);
  flatten('runtime', { ...runtime, version: runtime.version.text }, settings);
  file('base', base, contentsOf, settings);
  file('identity-certificate.pem', device.certificates[identity.slot], contentsOf, settings);
  return settings;
}

function flatten(key: string, value: unknown, settings: Map<string, string>): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) settings.set(key, String(value));
  else
    for (const [name, inner] of Object.entries(value)) flatten(key === '' ? name : `${key}.${name}`, inner, settings);
}

function file(key: string, path: string | undefined, contentsOf: Digests, settings: Map<string, string>): void {
  if (path !== undefined) settings.set(key, `${path}${fileMark}${contentsOf(path) ?? ''}`);
}

/** Of a file only that it is another now, since each device has a certificate of its own; of a secret only that it is one. */
function shown<Side extends 'before' | 'after'>(
  side: Side,
  key: string,
  value: string | undefined,
  other: string | undefined,
): { readonly [S in Side]?: string };
function shown(side: 'before' | 'after', key: string, value: string | undefined, other: string | undefined): object {
  if (value === undefined) return {};
  if (!value.includes(fileMark)) return { [side]: isSecret(key, value) ? '(a secret)' : value };
  return other === undefined ? { [side]: 'a file' } : { [side]: side === 'before' ? 'one file' : 'another' };
}

/** The pull request that takes a secret out of the manifest shows what it was: that may still be in use. */
function isSecret(key: string, value: string): boolean {
  const inManifest = /^(identity|runtime)\./.test(key) ? key : `config.${key}`;
  // An address that none is may be a password whose @ is missing.
  const brokenProxy = proxyKeys.has(key) && proxyProblem(value) !== undefined;
  return brokenProxy || secretOf(inManifest, value) !== undefined;
}

const proxyKeys: ReadonlySet<string> = new Set(['proxy.https', 'agent.env.https_proxy']);
