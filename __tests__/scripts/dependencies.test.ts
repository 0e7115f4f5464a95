import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dependenciesPage } from '../../scripts/dependencies-page.ts';

const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

describe('docs/dependencies.md', () => {
  const page = readFileSync('docs/dependencies.md', 'utf8');

  it('has a row for each package of package.json', () => {
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      expect(page).toMatch(new RegExp(`^\\| ${name} `, 'm'));
  });

  it('cannot be made with a package that nobody described, or a description that nobody needs', () => {
    const read = (left: string[], added: object) => (file: string) => {
      const value = JSON.parse(readFileSync(file, 'utf8'));
      if (file === 'package.json') value.dependencies = { ...dependencies, ...added };
      for (const name of left) if (file === 'package.json') delete value.dependencies[name];
      return value;
    };
    expect(() => dependenciesPage([], read([], { vitext: '1.0.0' }))).toThrow('vitext');
    expect(() => dependenciesPage([], read(['yaml'], {}))).toThrow('yaml');
  });
});
