import type schema from '../../schemas/devices.schema.json';

/**
 * The dotted path of a key below `config`, `runtime` or `identity` of a device: `config.agent.image`. TypeScript reads
 * the paths from the schema itself, so a key that is added there is missing in every table over these keys, and those
 * tables do not compile.
 */
export type SettingKey =
  | KeysBelow<Parts['config'], 'config'>
  | KeysBelow<Parts['runtime'], 'runtime'>
  | KeysBelow<Parts['identity'], 'identity'>;

/** A key that has keys of its own: a map, or a list of maps. */
export type SectionKey = {
  [Key in SettingKey]: Extract<SettingKey, Below<Key>> extends never ? never : Key;
}[SettingKey];

/** An object with a property for each name that the schema has directly below a key: `ForEachName<'config.proxy'>`. */
export type ForEachName<Key extends SectionKey | 'config' | 'runtime' | 'identity', Value = unknown> = {
  readonly [Path in Extract<SettingKey, Below<Key>> as LastName<Path, Key>]: Value;
};

type Parts = (typeof schema)['$defs'];

/** The schema does not follow a `$ref` here: the key `….$ref`, which no table has, keeps it from compiling. */
type KeysBelow<Part, Prefix extends string> = Part extends { readonly $ref: unknown }
  ? `${Prefix}.$ref`
  : KeysOf<Properties<Part>, Prefix>;

type KeysOf<Properties, Prefix extends string> = {
  [Name in keyof Properties & string]: `${Prefix}.${Name}` | KeysBelow<Properties[Name], `${Prefix}.${Name}`>;
}[keyof Properties & string];

/** What the schema says of the keys of a map, or of the keys of a list's items. */
type Properties<Part> = Part extends { readonly properties: infer Inner }
  ? Inner
  : Part extends { readonly items: { readonly properties: infer Inner } }
    ? Inner
    : Record<never, never>;

type Below<Key extends string> = `${Key}.${string}`;

type LastName<Path extends string, Key extends string> = Path extends `${Key}.${infer Name}`
  ? Name extends Below<string>
    ? never
    : Name
  : never;
