import { type MapValue, type Member, member, type Value, valueAt } from './json/value.ts';

/** How a file holds a deployment. */
export type Form =
  /** `{id, priority, targetCondition, content}`, as the service API takes it. */
  | 'configuration'
  /** `{content: {modulesContent}}`, as the portal and most samples have it. */
  | 'content'
  | 'modulesContent'
  /** `{moduleContent}`, of older tools. */
  | 'moduleContent'
  /** `{$edgeAgent, $edgeHub}` */
  | 'bare';

/** A deployment as its file has it. What the runtime makes of it is judged elsewhere. */
export interface Deployment {
  readonly form: Form;
  readonly root: MapValue;
  /** The whole configuration if it is one. */
  readonly configuration?: MapValue;
  /** The map whose keys are modules. */
  readonly modules: MapValue;
  readonly agent?: Desired;
  readonly hub?: Desired;
  /** The other modules for which it has desired properties. */
  readonly others: readonly Desired[];
}

/** What a deployment says of the desired properties of one module. */
export interface Desired {
  readonly module: string;
  readonly keyOffset: number;
  /** The value behind the module's name. */
  readonly value: Value;
  /** What `properties.desired` is. */
  readonly whole?: Member;
  /** What layers set: `properties.desired.modules.x` has the path `['modules', 'x']`. */
  readonly layers: readonly Layer[];
}

export interface Layer {
  /** Behind `properties.desired.`. A part has no dots; a module's name could, and no hub takes it. */
  readonly path: readonly string[];
  readonly keyOffset: number;
  readonly key: string;
  readonly value: Value;
}

/** Says what a JSON file is. `device-configuration`: a configuration of the hub that has no modules for IoT Edge. */
export type Recognized =
  | { readonly kind: 'deployment'; readonly deployment: Deployment }
  | { readonly kind: 'none'; readonly why: NoDeployment; readonly offset: number };

export type NoDeployment = 'not-a-map' | 'device-configuration' | 'module-configuration' | 'unknown';

/** Tells the forms apart by what is in them. */
export function recognize(root: Value): Recognized {
  if (root.kind !== 'map') return { kind: 'none', why: 'not-a-map', offset: root.offset };
  const content = member(root, 'content')?.value;
  const outer = content?.kind === 'map' ? content : root;
  const isWhole =
    content?.kind === 'map' && ['id', 'targetCondition', 'priority', 'labels'].some((key) => has(root, key));
  const configuration = isWhole ? { configuration: root } : {};
  const modules = valueAt(outer, 'modulesContent');
  if (modules !== undefined) {
    if (modules.kind !== 'map') return { kind: 'none', why: 'unknown', offset: modules.offset };
    const form = isWhole ? 'configuration' : outer === root ? 'modulesContent' : 'content';
    return { kind: 'deployment', deployment: { form, root, ...configuration, modules, ...desiredOf(modules) } };
  }
  const older = valueAt(outer, 'moduleContent');
  if (older?.kind === 'map') {
    if (!has(older, '$edgeAgent') && !has(older, '$edgeHub'))
      return { kind: 'none', why: 'module-configuration', offset: older.offset };
    const form = isWhole ? 'configuration' : 'moduleContent';
    return { kind: 'deployment', deployment: { form, root, ...configuration, modules: older, ...desiredOf(older) } };
  }
  if (has(outer, '$edgeAgent') || has(outer, '$edgeHub')) {
    return { kind: 'deployment', deployment: { form: 'bare', root, modules: outer, ...desiredOf(outer) } };
  }
  const why = has(outer, 'deviceContent') ? 'device-configuration' : 'unknown';
  return { kind: 'none', why, offset: root.offset };
}

function has(map: MapValue, key: string): boolean {
  return member(map, key) !== undefined;
}

function desiredOf(modules: MapValue): Pick<Deployment, 'agent' | 'hub' | 'others'> {
  const all = [...new Map(modules.members.map((one) => [one.key, one])).values()].map(desired);
  const agent = all.find(({ module }) => module === '$edgeAgent');
  const hub = all.find(({ module }) => module === '$edgeHub');
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(hub === undefined ? {} : { hub }),
    others: all.filter((one) => one !== agent && one !== hub),
  };
}

const prefix = 'properties.desired';

function desired({ key, keyOffset, value }: Member): Desired {
  const members = value.kind === 'map' ? value.members : [];
  const whole = members.findLast((one) => one.key === prefix) ?? nested(value);
  const layers = members
    .filter((one) => one.key.startsWith(`${prefix}.`))
    .map((one) => ({ ...one, path: pathOf(one.key.slice(prefix.length + 1)) }));
  return { module: key, keyOffset, value, layers, ...(whole === undefined ? {} : { whole }) };
}

/** Files of the portal's import and of twins have `{properties: {desired}}`. */
function nested(value: Value): Member | undefined {
  return member(member(value, 'properties')?.value, 'desired');
}

function pathOf(dotted: string): readonly string[] {
  return dotted.split('.');
}
