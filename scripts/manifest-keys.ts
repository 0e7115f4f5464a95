import { readFileSync } from 'node:fs';

/** The keywords of a part of the manifest's JSON Schema that are read here. */
export interface SchemaPart {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly additionalProperties?: boolean | SchemaPart;
  readonly items?: SchemaPart;
}

interface ManifestSchema extends SchemaPart {
  readonly properties: Readonly<Record<string, SchemaPart>>;
  readonly $defs: Readonly<Record<string, SchemaPart>>;
}

/** A key with its dotted path; `*` stands for any name. */
export interface Key {
  readonly path: string;
  readonly schema: SchemaPart;
}

/** The top-level keys of a manifest, and all keys of a device, in the order of the schema. */
export function manifestKeys(): { readonly top: readonly Key[]; readonly device: readonly Key[] } {
  const schema: ManifestSchema = JSON.parse(readFileSync('schemas/devices.schema.json', 'utf8'));
  const resolve = (part: SchemaPart): SchemaPart => {
    const target = part.$ref === undefined ? undefined : schema.$defs[part.$ref.replace('#/$defs/', '')];
    return target === undefined ? part : { ...resolve(target), ...part };
  };
  const keysOf = (part: SchemaPart, prefix: string): readonly Key[] => {
    const { properties = {}, additionalProperties: any } = resolve(part);
    const named = Object.entries(properties).map(([name, below]) => ({
      path: `${prefix}${name}`,
      schema: resolve(below),
    }));
    const open = typeof any === 'object' ? [{ path: `${prefix}*`, schema: resolve(any) }] : [];
    return [...named, ...open].flatMap((key) => [key, ...keysOf(key.schema, `${key.path}.`)]);
  };
  const top = Object.entries(schema.properties).map(([path, part]) => ({ path, schema: resolve(part) }));
  return { top, device: keysOf({ $ref: '#/$defs/device' }, '') };
}

/**
 * The columns that a CSV may have, and the types of their cells: the keys of a device that hold one value or can do so.
 * `**` stands for names in any depth.
 */
export function columns(): readonly { readonly name: string; readonly types: readonly string[] }[] {
  const { device } = manifestKeys();
  const typesOf = ({ schema }: Key) => [schema.type ?? 'string'].flat();
  return device.flatMap((key) => {
    const types = typesOf(key);
    if (!types.some((type) => type === 'object' || type === 'array')) {
      return [{ name: key.path, types: types.filter((type) => cellTypes.includes(type)) }];
    }
    // One value, or a map of any depth. The cell is text, since it cannot tell the number 7 from the text 007.
    return types.includes('string') ? [{ name: `${key.path}*`, types: [] }] : [];
  });
}

/** The types that a cell can have besides text. */
const cellTypes: readonly string[] = ['boolean', 'integer'];
