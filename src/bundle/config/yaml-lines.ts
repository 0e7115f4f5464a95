/**
 * Writes a map as lines of YAML, one for each setting. A list stands on one line. Every string is in double quotes with
 * the escapes of JSON, which YAML has too: the runtime does not read an unquoted `no` or `1.10` as a string. The writer
 * of the library takes ten times as long, which is a second for 10,000 devices.
 */
export function yamlLines(map: object, indent = 0): readonly string[] {
  return Object.entries(map).flatMap(([name, value]: [string, unknown]) => {
    const key = `${' '.repeat(indent)}${keyText(name)}:`;
    return isMap(value) && Object.keys(value).length > 0
      ? [key, ...yamlLines(value, indent + 2)]
      : [`${key} ${yamlFlow(value)}`];
  });
}

/** A value on one line, as JSON with the spaces that every reader of YAML needs. */
export function yamlFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlFlow).join(', ')}]`;
  if (!isMap(value)) return JSON.stringify(value);
  return `{${yamlEntries(value).join(', ')}}`;
}

/** The entries of a map on one line, without its braces. */
export function yamlEntries(map: object): readonly string[] {
  return Object.entries(map).map(([name, inner]) => `${JSON.stringify(name)}: ${yamlFlow(inner)}`);
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name is quoted if a reader could take it for something else. */
function keyText(name: string): string {
  const isPlain = /^[a-z][a-z_]*$/i.test(name) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(name);
  return isPlain ? name : JSON.stringify(name);
}
