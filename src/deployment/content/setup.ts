import { lastOf } from '../agent/agent.ts';
import { lookUp } from '../agent/settings.ts';
import { joined, piecesOf } from '../create-options/pieces.ts';
import type { Deployment, Desired } from '../form.ts';
import type { MapValue, Member, TextValue, Value } from '../json/value.ts';
import { withQuotes } from '../template.ts';
import { TextReads } from '../text-reads.ts';

/** What a deployment sets up, as far as it can be read: for checks of what it holds, not of its form. */
export interface Setup {
  readonly deployment: Deployment;
  /** Placeholders may stand for anything. */
  readonly template: boolean;
  /** All modules of the device are here. Not so if `$edgeAgent` has layers alone. */
  readonly complete: boolean;
  readonly modules: readonly ModuleSetup[];
  readonly routes: readonly RouteSetup[];
  readonly logins: readonly Login[];
}

export interface ModuleSetup {
  readonly name: string;
  readonly system: boolean;
  /** The map that holds the module, and where its name stands in it. */
  readonly map: MapValue;
  readonly keyOffset: number;
  readonly value: MapValue;
  readonly settings?: MapValue;
  readonly image?: TextValue;
  /** `createOptions`, joined and read. */
  readonly options?: MapValue;
  readonly pieces: readonly Member[];
  readonly env: readonly EnvSetup[];
}

export interface EnvSetup {
  readonly name: string;
  readonly value: Value;
}

export interface RouteSetup {
  /** `routes.upstream` */
  readonly key: string;
  readonly text: TextValue;
}

export interface Login {
  readonly key: string;
  readonly address: TextValue;
  readonly password?: TextValue;
}

export function setupOf(deployment: Deployment, template: boolean, texts = new TextReads()): Setup {
  const { agent, hub } = deployment;
  return {
    deployment,
    template,
    complete: agent?.whole !== undefined,
    modules: agent === undefined ? [] : modulesOf(agent, texts),
    routes: hub === undefined ? [] : routesOf(hub),
    logins: agent === undefined ? [] : loginsOf(agent),
  };
}

/** The last of several equal names is the one that is held. */
function modulesOf({ value, whole, layers }: Desired, texts: TextReads): readonly ModuleSetup[] {
  const found = new Map<string, ModuleSetup>();
  for (const list of ['systemModules', 'modules'] as const) {
    const map = lastOf(whole?.value, list)?.value;
    if (map?.kind === 'map') for (const one of map.members) add(found, one, map, list, texts);
  }
  for (const { path, ...one } of layers) {
    const [list, name] = path;
    const isModule = path.length === 2 && (list === 'modules' || list === 'systemModules');
    if (isModule && name !== undefined && value.kind === 'map') add(found, { ...one, key: name }, value, list, texts);
  }
  return [...found.values()];
}

function add(
  found: Map<string, ModuleSetup>,
  { key, keyOffset, value }: Member,
  map: MapValue,
  list: string,
  texts: TextReads,
): void {
  if (value.kind !== 'map') return;
  const settings = lastOf(value, 'settings')?.value;
  const image = settings?.kind === 'map' ? lookUp(settings.members, 'image')?.value : undefined;
  const pieces = settings?.kind === 'map' ? piecesOf(settings.members).members : [];
  const options = settings?.kind === 'map' ? optionsOf(settings, pieces, texts) : undefined;
  found.set(key, {
    name: key,
    system: list === 'systemModules',
    map,
    keyOffset,
    value,
    ...(settings?.kind === 'map' && { settings }),
    ...(image?.kind === 'text' && { image }),
    ...(options && { options }),
    pieces,
    env: envOf(lastOf(value, 'env')?.value),
  });
}

function optionsOf(settings: MapValue, pieces: readonly Member[], texts: TextReads): MapValue | undefined {
  const [only] = pieces;
  if (pieces.length === 1 && only?.value.kind === 'map') return only.value;
  const { text, source } = joined(pieces, settings);
  if (text.trim() === '') return undefined;
  const read = texts.createOptions(settings, withQuotes(text).text, source);
  return read.kind === 'value' && read.value.kind === 'map' ? read.value : undefined;
}

function envOf(env: Value | undefined): readonly EnvSetup[] {
  if (env?.kind !== 'map') return [];
  return env.members.flatMap(({ key, value }) => {
    const inner = lastOf(value, 'value')?.value;
    return inner === undefined ? [] : [{ name: key, value: inner }];
  });
}

function routesOf({ whole, layers }: Desired): readonly RouteSetup[] {
  const routes = lastOf(whole?.value, 'routes')?.value;
  const members = routes?.kind === 'map' ? routes.members : [];
  const layered = layers.filter(({ path }) => path[0] === 'routes' && path.length === 2);
  return [...members, ...layered.map(({ path, ...one }) => ({ ...one, key: path[1] ?? '' }))].flatMap(
    ({ key, value }) => {
      const text = value.kind === 'map' ? lastOf(value, 'route')?.value : value;
      return text?.kind === 'text' ? [{ key: `routes.${key}`, text }] : [];
    },
  );
}

function loginsOf({ whole, layers }: Desired): readonly Login[] {
  const runtime = lastOf(whole?.value, 'runtime')?.value;
  const logins = lastOf(lastOf(runtime, 'settings')?.value, 'registryCredentials')?.value;
  const layered = layers.filter(({ path }) => path.slice(0, 3).join('.') === 'runtime.settings.registryCredentials');
  const members = [
    ...(logins?.kind === 'map' ? logins.members : []),
    ...layered.filter(({ path }) => path.length === 4),
  ];
  return members.flatMap(({ key, value }) => {
    const address = lastOf(value, 'address')?.value;
    const password = lastOf(value, 'password')?.value;
    if (address?.kind !== 'text') return [];
    return [{ key, address, ...(password?.kind === 'text' && { password }) }];
  });
}
