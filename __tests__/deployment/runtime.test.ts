import { describe, expect, it } from 'vitest';
import { commonProblems } from '../../src/deployment/common-problems.ts';
import { most } from '../../src/deployment/limits.ts';
import { Problems, problem } from '../../src/deployment/problem.ts';
import { runtimesOf, versionOfImage } from '../../src/deployment/runtime.ts';
import { changed, findingsIn, type Parts, type Tree } from './deployments.ts';

describe('the version of an image', () => {
  it.each([
    ['mcr.microsoft.com/azureiotedge-agent:1.5', '1.5'],
    ['contoso.azurecr.io:5000/my/agent:1.4.20-linux-arm32v7', '1.4.20'],
    [' azureiotedge-hub:1.1.15 ', '1.1.15'],
    ['azureiotedge-hub:1.0.10.4-windows-amd64', '1.0.10.4'],
    ['azureiotedge-agent:1.5@sha256:abc', '1.5'],
    ['azureiotedge-agent:latest', undefined],
    ['azureiotedge-agent:2.0', undefined],
    ['azureiotedge-agent:1.7', undefined],
    ['azureiotedge-agent:1', undefined],
    ['contoso:5000/agent', undefined],
  ])('%s is %s', (image, version) => expect(versionOfImage(image)).toBe(version));
});

it.each([
  ['1.0.10', ['1.0.10'], 'source'],
  ['1.1', ['1.1'], 'source'],
  ['1.4.19', ['1.4.19'], 'source'],
  ['1.4.20', ['1.4.20'], 'docker'],
  ['1.4', ['1.4'], 'docker'],
  ['1.6.1', ['1.6.1'], 'docker'],
] as const)('%s judges by its own', (text, names, words) => {
  const runtimes = runtimesOf(text) ?? [];
  expect(runtimes.map(({ name }) => name)).toEqual(names);
  expect(runtimes[0]?.restartWords).toBe(words);
});

describe('1.2 and 1.3', () => {
  const tagged = (version: string, change: (parts: Parts) => void) =>
    changed((parts) => {
      for (const name of ['edgeAgent', 'edgeHub']) {
        const settings = (parts.agent.systemModules[name] as Tree).settings as Tree;
        settings.image = `mcr.microsoft.com/azureiotedge-x:${version}`;
      }
      change(parts);
    });
  const errors = (text: string) =>
    findingsIn(text).flatMap(({ severity, rule }) => (severity === 'error' ? [rule] : []));
  const dollar = ({ settings }: Parts) => void Object.assign(settings, { image: '$upstream/a:1' });
  const digest = ({ settings }: Parts) => void Object.assign(settings, { image: 'a:1@sha256:b' });

  it('refuse only what all versions refuse', () => {
    expect(errors(tagged('1.2', dollar))).toEqual([]);
    expect(errors(tagged('1.3.0', digest))).toEqual(['deployment/image']);
    expect(errors(tagged('1.4', dollar))).toEqual(['deployment/image']);
  });

  it('each of the two modules judges for itself', () => {
    const text = tagged('1.5', ({ agent, hub }) => {
      ((agent.systemModules.edgeHub as Tree).settings as Tree).image = 'mcr.microsoft.com/azureiotedge-hub:1.1.15';
      hub.schemaVersion = '1.2';
    });
    expect(errors(text)).toEqual(['deployment/schema-version']);
  });
});

it('a problem that one of several versions does not have is none', () => {
  const one = problem('deployment/no-time-to-live', {}, 1);
  const other = problem('deployment/no-time-to-live', {}, 2);
  expect(commonProblems([[one, other], [one, other], [one]])).toEqual([one]);
  expect(commonProblems([[one]])).toEqual([one]);
});

it('problems are bounded', () => {
  const problems = new Problems();
  for (let n = 0; n < 5_000; n++) problems.push(problem('deployment/no-time-to-live', {}, n));
  expect(problems).toHaveLength(most.problems);
});
