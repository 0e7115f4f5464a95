import { requireSection } from '../twins/require-section.ts';
import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';

/** What a configuration writes into desired properties. */
export type Content =
  /** Into twins of devices, or into twins of modules that it selects by a query. Keys are paths: `properties.desired.x`. */
  | { readonly kind: 'deviceContent' | 'moduleContent'; readonly value: JsonObject }
  /** Into the modules of edge devices: by module, and then as above. */
  | { readonly kind: 'modulesContent'; readonly value: ModulesContent };

export type ModulesContent = Readonly<Record<string, JsonObject>>;

const kinds = ['deviceContent', 'moduleContent', 'modulesContent'] as const;

/** The names in desired properties to which a key leads: none for `properties.desired` itself. Undefined if it is no such key. */
export function settingPath(key: string): readonly string[] | undefined {
  const [properties, desired, ...names] = key.split('.');
  return properties === 'properties' && desired === 'desired' && !names.includes('') ? names : undefined;
}

/**
 * Reads `content`: exactly one kind. Throws `Refused` InvalidConfigurationContent. Null counts as absent, since clients
 * send all three names.
 */
export function wantedContent(content: unknown): Content {
  if (!isJsonObject(content)) throw invalidContent();
  const given = kinds.flatMap((kind) => {
    const value = property(content, kind);
    return value === undefined || value === null ? [] : [{ kind, value }];
  });
  const [only] = given;
  if (only === undefined || given.length > 1) throw invalidContent();
  const { kind, value } = only;
  if (!isJsonObject(value)) throw invalidContent();
  if (kind === 'modulesContent') return { kind, value: wantedModules(value) };
  requireSettings(value);
  return { kind, value };
}

/** The words are those of a live hub (Azure/azure-iot-sdk-csharp, issue 2419). */
export function invalidContent(): Refused {
  return new Refused(
    'InvalidConfigurationContent',
    'The content provided for configuration is invalid. Please check and try again',
  );
}

function wantedModules(modules: JsonObject): ModulesContent {
  if (!Object.hasOwn(modules, '$edgeAgent')) throw invalidContent();
  const read = Object.entries(modules).map(([name, settings]) => {
    if (!isJsonObject(settings)) throw invalidContent();
    requireSettings(settings);
    return [name, settings] as const;
  });
  return Object.fromEntries(read);
}

/** A content that a twin could not hold is refused as a whole (assumed). */
function requireSettings(settings: JsonObject): void {
  for (const [key, value] of Object.entries(settings)) {
    const path = settingPath(key);
    if (path === undefined || (path.length === 0 && !isJsonObject(value))) throw invalidContent();
    const [first, ...rest] = [...path].reverse();
    const inner = first === undefined ? value : rest.reduce((nested, name) => ({ [name]: nested }), { [first]: value });
    try {
      if (isJsonObject(inner)) requireSection(inner, 'properties.desired');
    } catch (error) {
      throw error instanceof Refused ? invalidContent() : error;
    }
  }
}
