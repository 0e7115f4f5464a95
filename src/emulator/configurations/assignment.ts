import type { Statuses } from '../devices/identity.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';
import type { Configuration } from './configuration.ts';
import type { ModulesContent } from './content.ts';
import { type Author, type Setting, settingsOf, valuesWith } from './settings.ts';

/** What all configurations together that target a device, or a module, want of it. Many devices share one. */
export interface Assignment {
  /** The configurations, the strongest first. */
  readonly targets: readonly Configuration[];
  readonly ids: ReadonlySet<string>;
  readonly applied: ReadonlySet<string>;
  /** Of the twin itself. Undefined if nothing targets it. */
  readonly statuses: Statuses | undefined;
  /** For desired properties of the twin itself. */
  readonly settings: readonly Setting[];
  /** Undefined if no deployment is applied to the modules; those that are there stay then. */
  readonly deployment: Deployment | undefined;
  /** Of the twins of an edge device's modules. */
  readonly moduleStatuses: ReadonlyMap<string, Statuses>;
}

/** The modules of an edge device as deployments want them: desired properties by module, as settings over nothing. */
export interface Deployment {
  readonly settings: ReadonlyMap<string, readonly Setting[]>;
  /** The modules that the device has then, without those of the runtime. */
  readonly modules: ReadonlySet<string>;
}

/** The higher priority is stronger, then the later creation. */
export function stronger(one: Configuration, other: Configuration): number {
  if (one.priority !== other.priority) return other.priority - one.priority;
  return BigInt(one.generationId) > BigInt(other.generationId) ? -1 : 1;
}

/** Works out who wins. `targets` must be in order, the strongest first. */
export function assignmentOf(targets: readonly Configuration[]): Assignment {
  const plain = targets.filter(({ content }) => content.kind !== 'modulesContent');
  const settings = winningSettings(plain);
  const layers = appliedLayers(targets);
  const applied = new Set([...settings.map(({ by }) => by?.id ?? ''), ...layers.map(({ id }) => id)]);
  return {
    targets,
    ids: new Set(targets.map(({ id }) => id)),
    applied,
    statuses: statusesOf(plain, applied),
    settings,
    deployment: layers.length === 0 ? undefined : deploymentOf(layers),
    moduleStatuses: moduleStatusesOf(targets, applied),
  };
}

function authorOf({ id, generationId }: Configuration): Author {
  return { id, digest: generationId };
}

/** Of the settings for the same place the strongest wins; weaker ones for other places are applied too (documented). */
function winningSettings(targets: readonly Configuration[]): readonly Setting[] {
  const winning = new Map<string, Setting>();
  for (const configuration of targets) {
    const { content } = configuration;
    if (content.kind === 'modulesContent') continue;
    for (const setting of settingsOf(content.value, authorOf(configuration)).flatMap(topmost)) {
      const place = setting.path.join('.');
      if (!winning.has(place)) winning.set(place, setting);
    }
  }
  // Weaker ones first, so that a stronger one for a place within stays.
  return [...winning.values()].reverse();
}

/** `properties.desired` of a device is each of its names: what others have set there stays. */
function topmost(setting: Setting): readonly Setting[] {
  if (setting.path.length > 0 || !isJsonObject(setting.value)) return [setting];
  return Object.entries(setting.value).map(([name, value]) => ({ ...setting, path: [name], value }));
}

/**
 * The strongest deployment that sets all of the agent's desired properties is the base; layered ones count only if they
 * are stronger (documented). Without a base nothing is applied (assumed). The base comes first, the strongest last.
 */
function appliedLayers(targets: readonly Configuration[]): readonly Configuration[] {
  const deployments = targets.filter(({ content }) => content.kind === 'modulesContent');
  const base = deployments.findIndex((each) => !isLayered(modulesOf(each)));
  return base === -1 ? [] : deployments.slice(0, base + 1).reverse();
}

function isLayered(content: ModulesContent): boolean {
  return !Object.hasOwn(content.$edgeAgent ?? {}, 'properties.desired');
}

function modulesOf({ content }: Configuration): ModulesContent {
  return content.kind === 'modulesContent' ? content.value : {};
}

function deploymentOf(layers: readonly Configuration[]): Deployment {
  const settings = new Map<string, readonly Setting[]>();
  for (const layer of layers) {
    for (const [module, content] of Object.entries(modulesOf(layer))) {
      settings.set(module, [...(settings.get(module) ?? []), ...settingsOf(content, authorOf(layer))]);
    }
  }
  const agent = valuesWith({}, settings.get('$edgeAgent') ?? []);
  return { settings, modules: modulesNamed(agent, settings.keys()) };
}

const runtime: ReadonlySet<string> = new Set(['$edgeAgent', '$edgeHub']);

/**
 * The modules of a deployment, without the runtime's: those that its agent is told to run, and those whose twins it
 * sets. The hub makes an identity for each (seen in the Azure CLI's own tests).
 */
export function modulesNamed(agent: JsonObject, set: Iterable<string>): ReadonlySet<string> {
  const run = isJsonObject(agent.modules) ? Object.keys(agent.modules) : [];
  return new Set([...run, ...set].filter((name) => !runtime.has(name)));
}

function statusesOf(targets: readonly Configuration[], applied: ReadonlySet<string>): Statuses | undefined {
  if (targets.length === 0) return undefined;
  return Object.fromEntries(
    targets.map(({ id }) => [id, { status: applied.has(id) ? 'Applied' : 'Targeted' }] as const),
  );
}

/** The twins of the modules that a deployment names show it (recorded for $edgeAgent, by the queries of its metrics). */
function moduleStatusesOf(
  targets: readonly Configuration[],
  applied: ReadonlySet<string>,
): ReadonlyMap<string, Statuses> {
  const deployments = targets.filter(({ content }) => content.kind === 'modulesContent');
  const names = new Set(deployments.flatMap((each) => Object.keys(modulesOf(each))));
  return new Map(
    [...names].map((name) => {
      const naming = deployments.filter((each) => Object.hasOwn(modulesOf(each), name));
      return [name, statusesOf(naming, applied) ?? {}] as const;
    }),
  );
}
