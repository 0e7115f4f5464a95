import type { RuntimeVersion } from '../../model/fleet.ts';
import { typesCapabilities } from './create-options-shape.ts';
import { isPlainMap } from './shape.ts';
import { isAtLeast } from './version.ts';

/** What the TOML writer of IoT Edge before 1.4.9 makes of `createOptions`. */
export type OrderProblem =
  /** A plain value comes behind the table `behind`, which the writer refuses: "values must be emitted before tables". */
  | { readonly kind: 'behind-table'; readonly path: Path; readonly behind: string }
  /** A list with maps and other values is written, and aziot-edged cannot read its file or reads another value. */
  | { readonly kind: 'mixed-list'; readonly path: Path };

type Path = readonly string[];

/** The names that a map begins with, and the same for the values in it. Other names follow in the order of their bytes. */
interface Order {
  readonly first: readonly string[];
  readonly below?: Readonly<Record<string, Order>>;
  /** For the values of all other names, and the items of a list. */
  readonly others?: Order;
}

const byBytes: Order = { first: [] };

/** The order of the fields in the structs of the runtime. The order in the user's file does not matter. */
function orderWith(capabilities: readonly string[]): Order {
  return {
    first: ['Hostname', 'Env', 'Cmd', 'Image', 'Volumes', 'Entrypoint', 'Labels', 'HostConfig', 'NetworkingConfig'],
    below: {
      HostConfig: {
        first: ['Memory', 'Binds', 'PortBindings', 'Mounts', ...capabilities, 'ExtraHosts', 'Privileged'],
        below: {
          PortBindings: { first: [], others: { first: [], others: { first: ['HostPort'] } } },
          Mounts: { first: [], others: { first: ['Target', 'Source', 'Type', 'ReadOnly'] } },
        },
      },
      NetworkingConfig: {
        first: ['EndpointsConfig'],
        below: { EndpointsConfig: { first: [], others: { first: ['NetworkID'] } } },
      },
    },
  };
}

const order = { withCapabilities: orderWith(['CapAdd', 'CapDrop']), without: orderWith([]) } as const;

/** Whether the runtime writes `createOptions` with TOML 0.5, whose writer takes no plain value behind a table. */
export function writesOldToml(version: RuntimeVersion): boolean {
  return isAtLeast(version, '1.2.0') && !isAtLeast(version, '1.4.9');
}

/** Whether the runtime reads TOML with a reader that refuses an empty name anywhere. */
export function refusesEmptyNames(version: RuntimeVersion): boolean {
  return isAtLeast(version, '1.2.0') && !isAtLeast(version, '1.4.0');
}

/** All that the writer of TOML 0.5 does not take. `iotedge config apply` writes the options again, in its own order. */
export function orderProblems(options: unknown, version: RuntimeVersion): readonly OrderProblem[] {
  return [...problemsIn(options, typesCapabilities(version) ? order.withCapabilities : order.without, [])];
}

function* problemsIn(value: unknown, order: Order, path: Path): Generator<OrderProblem> {
  if (Array.isArray(value)) {
    if (isMixed(value)) yield { kind: 'mixed-list', path };
    for (const [index, item] of value.entries())
      yield* problemsIn(item, order.others ?? byBytes, [...path, `${index}`]);
  }
  if (!isPlainMap(value)) return;
  let table: string | undefined;
  for (const name of namesOf(value, order)) {
    const inner = value[name];
    if (table !== undefined && !isTable(inner)) yield { kind: 'behind-table', path: [...path, name], behind: table };
    if (isTable(inner)) table ??= name;
    yield* problemsIn(inner, order.below?.[name] ?? order.others ?? byBytes, [...path, name]);
  }
}

function namesOf(map: Readonly<Record<string, unknown>>, { first }: Order): readonly string[] {
  const others = Object.keys(map).filter((name) => !first.includes(name));
  return [
    ...first.filter((name) => Object.hasOwn(map, name)),
    ...others.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  ];
}

/** A list is what it begins with. */
function isTable(value: unknown): boolean {
  return Array.isArray(value) ? isTable(value[0]) : isPlainMap(value);
}

function holdsMap(value: unknown): boolean {
  return Array.isArray(value) ? value.some(holdsMap) : isPlainMap(value);
}

function isMixed(list: readonly unknown[]): boolean {
  return (
    list.some((item) => Array.isArray(item) && holdsMap(item)) || (list.some(isPlainMap) && !list.every(isPlainMap))
  );
}
