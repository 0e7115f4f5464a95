import { readFileSync } from 'node:fs';

const schema: unknown = JSON.parse(readFileSync('schemas/devices.schema.json', 'utf8'));

/** What a place of the manifest takes, in the words of the schema: `expected` at this JSON pointer, such as `/properties/devices`. */
export function expectedAt(pointer: string): string {
  const at = pointer
    .split('/')
    .slice(1)
    .reduce((part: unknown, step) => (isMap(part) ? part[step] : undefined), schema);
  if (!isMap(at) || typeof at.expected !== 'string') throw new Error(`the schema says nothing at ${pointer}`);
  return at.expected;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
