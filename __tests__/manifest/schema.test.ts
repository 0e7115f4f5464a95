import { describe, expect, it } from 'vitest';
import { manifestKeys } from '../../scripts/manifest-keys.ts';
import validate from '../../src/manifest/schema.generated.js';

const { top, device } = manifestKeys();

describe('the schema explains itself in editors', () => {
  it.each([...top, ...device].map((key) => [key.path, key.schema] as const))('%s', (_, schema) => {
    expect(schema.description).toMatch(/^[A-Z].*[.:"]/);
    expect(schema.examples?.length).toBeGreaterThan(0);
    // What is required has no default.
    expect('default' in schema).toBe(!schema.description!.includes('Required.'));
  });

  const given = device.flatMap(({ path, schema }) => {
    const values = [...(schema.examples ?? []), ...('default' in schema ? [schema.default] : [])];
    return values.map((value) => [path, value] as const);
  });
  it.each(given)('%s may be %j, as it says', (path, value) => {
    const wrapped = path
      .split('.')
      .reduceRight<unknown>((inner, key) => ({ [key === '*' ? 'NAME' : key]: inner }), value);
    expect(validate({ devices: [{ id: 'a', ...Object(wrapped) }] })).toBe(true);
  });

  it.each(top.flatMap(({ path, schema }) => (schema.examples ?? []).map((value) => [path, value] as const)))(
    '%s on top may be %j',
    (path, value) => {
      expect(validate({ devices: [], [path]: value })).toBe(true);
    },
  );
});
