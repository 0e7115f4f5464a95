/**
 * A map as lines of YAML, one for each setting; lists stand on one line. Every string is in double quotes, as JSON does it
 * (its escapes are YAML's too): an unquoted `no` or `1.10` would be no string to the runtime. The library's own writer takes
 * ten times as long, which is a second for 10,000 devices.
 */
export function yamlLines(map: object, indent = 0): readonly string[] {
  return Object.entries(map).flatMap(([name, value]: [string, unknown]) => {
    const key = `${' '.repeat(indent)}${keyText(name)}:`;
    return isMap(value) && Object.keys(value).length > 0
      ? [key, ...yamlLines(value, indent + 2)]
      : [`${key} ${yamlFlow(value)}`];
  });
}

/** A value on one line: JSON, with the spaces that every reader of YAML wants. */
export function yamlFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlFlow).join(', ')}]`;
  if (!isMap(value)) return JSON.stringify(value);
  return `{${yamlEntries(value).join(', ')}}`;
}

/** What stands between the braces of a map on one line. */
export function yamlEntries(map: object): readonly string[] {
  return Object.entries(map).map(([name, inner]) => `${JSON.stringify(name)}: ${yamlFlow(inner)}`);
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names of settings as they are; what a reader could take for another thing than a name is quoted. */
function keyText(name: string): string {
  const isPlain = /^[a-z][a-z_]*$/i.test(name) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(name);
  return isPlain ? name : JSON.stringify(name);
}
