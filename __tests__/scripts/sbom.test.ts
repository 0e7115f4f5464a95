import { readFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';

const sbom = readFileSync('dist/sbom.cdx.json', 'utf8');

describe('the bill of materials of dist/', () => {
  it('is CycloneDX 1.6', async () => {
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(sbom)).toBeNull();
  });

  it('has the packages whose licences stand beside it, each with its version and its licence', () => {
    const titles = readFileSync('dist/licences.txt', 'utf8').match(/^\S+ \d+\.\d+\.\d+\S* \(.*\)$/gm);
    const { components } = JSON.parse(sbom);
    const listed = components.map(({ group, name, version, licenses: [entry] = [] }: Listed) => {
      const licence = entry?.license?.id ?? entry?.license?.name ?? entry?.expression ?? 'see text';
      return `${group === undefined ? '' : `${group}/`}${name} ${version} (${licence})`;
    });
    expect(listed.sort()).toEqual([...new Set(titles)].sort());
    expect(listed.length).toBeGreaterThan(50);
  });
});

interface Listed {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string };
    readonly expression?: string;
  }[];
}
