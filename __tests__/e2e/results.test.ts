import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exitCode, type Result } from '../../src/model/report.ts';
import { everyResult, reportOf } from '../report/reports.ts';

const results = Object.keys(everyResult).sort();

describe('the results', () => {
  it('stand in the table of docs/action.md, with their exit codes', () => {
    const [, section = ''] = /## Results\n([\s\S]*?)\n##/.exec(readFileSync('docs/action.md', 'utf8')) ?? [];
    const rows = [...section.matchAll(/^\| `([\w-]+)` .*\| (\d) \|$/gm)].map(([, name = '', code]) => [
      name,
      Number(code),
    ]);
    const expected = results.map((result) => [result, exitCode(reportOf({ result: result as Result }))]);
    expect(rows.sort()).toEqual(expected);
  });

  it('stand in the description of the output', () => {
    const { outputs }: { outputs: { result: { description: string } } } = parse(readFileSync('action.yml', 'utf8'));
    expect(
      outputs.result.description
        .match(/[\w-]+/g)
        ?.filter((word) => word !== 'or')
        .sort(),
    ).toEqual(results);
  });

  it('stand in the schema of the report', () => {
    const schema: { properties: { result: { enum: readonly string[] } } } = JSON.parse(
      readFileSync('schemas/report.schema.json', 'utf8'),
    );
    expect([...schema.properties.result.enum].sort()).toEqual(results);
  });
});
