import { describe, expect, it } from 'vitest';
import { orderProblems } from '../../../src/bundle/judge/old-toml.ts';
import type { Json, JsonObject } from '../../../src/model/fleet.ts';
import type { CreateOptionsProblem, OldTomlProblem } from '../../../src/rules/create-options.ts';
import { told } from '../../support/finding.ts';
import { fc, times } from '../../support/property.ts';
import { columnOf, configurationOf, findingsOf } from '../material.ts';
import { versionOf } from './real-parsers/facts.ts';

const key = (path: string) => `config.agent.createOptions.${path}`;
const findings = (version: string, createOptions: JsonObject) =>
  findingsOf({ version, config: { agent: { createOptions } } });

describe('config/create-options', () => {
  const ports = { '443/tcp': [{ HostPort: '443' }] };
  it.each<[string, JsonObject, CreateOptionsProblem]>([
    [
      '1.1',
      { HostConfig: { Memory: '512m' } },
      { kind: 'type', key: key('HostConfig.Memory'), expected: 'a whole number', found: 'text' },
    ],
    [
      '1.5',
      { HostConfig: { PortBindings: { '443/tcp': [{ HostPort: 443 }] } } },
      {
        kind: 'type',
        key: key('HostConfig.PortBindings.443/tcp.0.HostPort'),
        expected: 'text',
        found: 'a whole number',
      },
    ],
    [
      '1.3',
      { HostConfig: { PortBindings: ports, Privileged: true } },
      { kind: 'behind-table', key: key('HostConfig.Privileged'), behind: 'PortBindings' },
    ],
    ['1.4.8', { Labels: {}, User: 'me' }, { kind: 'behind-table', key: key('User'), behind: 'Labels' }],
    ['1.2', { HostConfig: { Extra: ['a', { b: 'c' }] } }, { kind: 'mixed-list', key: key('HostConfig.Extra') }],
  ])('tells IoT Edge %s of %j', (version, options, problem) => {
    const finding = { ...told('config/create-options', { problem, version }), severity: 'error' };
    expect(findings(version, options)).toMatchObject([{ ...finding, place: { column: columnOf(problem.key) } }]);
    expect(() => configurationOf({ version, config: { agent: { createOptions: options } } })).toThrow(finding.message);
  });

  it('tells of a wrong type alone, not also of the order that it comes in', () => {
    expect(findings('1.3', { Labels: { a: 1 }, User: 'me' })).toHaveLength(1);
  });

  it('says nothing where all is as it should be, in any order of the manifest', () => {
    const options = { HostConfig: { PortBindings: ports, Binds: ['/a:/b'], Memory: 1 }, Env: ['A=b'], Image: 'i' };
    for (const version of ['1.1', '1.3', '1.4', '1.6']) expect(findings(version, options)).toEqual([]);
  });

  it('is the same in whatever order the manifest has them', () => {
    const names = ['Memory', 'PortBindings', 'CapAdd', 'Privileged', 'LogConfig', 'NetworkMode', 'Ulimits', 'a', 'É'];
    const value = fc.constantFrom<Json>(1, 'x', [], ['x'], {}, { b: 1 }, [{ c: {} }, { d: 1 }], ['x', {}]);
    const entries = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), value), { selector: ([name]) => name });
    const inOrder = (pairs: readonly (readonly [string, Json])[]) =>
      orderProblems({ HostConfig: Object.fromEntries(pairs) }, versionOf('1.3'));
    fc.assert(
      fc.property(entries, (pairs) => {
        expect(inOrder(pairs.toReversed())).toEqual(inOrder(pairs));
      }),
      times(200),
    );
  });

  it('says nothing of options that Initialize-IoTEdge cannot set: they are refused as such', () => {
    const runtime = { containerOs: 'linux' } as const;
    const config = { agent: { createOptions: { Env: 'A=b' } } };
    expect(findingsOf({ platform: 'windows', runtime, config })).toMatchObject([
      { rule: 'config/unsupported-by-version' },
    ]);
  });
});

describe('config/create-options-old-patch', () => {
  const options = { Labels: { a: 'b' }, User: 'me' };

  it('warns where the manifest says 1.4, and a patch before 1.4.9 would refuse the options', () => {
    const problem: OldTomlProblem = { kind: 'behind-table', key: key('User'), behind: 'Labels' };
    const finding = { ...told('config/create-options-old-patch', { problem, version: '1.4' }), severity: 'warning' };
    expect(findings('1.4', options)).toMatchObject([{ ...finding, place: { column: columnOf(problem.key) } }]);
  });

  it('not where the patch is known to take them', () => expect(findings('1.4.9', options)).toEqual([]));
});

describe('an empty name', () => {
  it.each(['1.2', '1.3.0'])('is refused by IoT Edge %s, of a variable and in the options', (version) => {
    for (const [wanted, empty] of [
      [{ env: { '': 'x' } }, 'config.agent.env'],
      [{ config: { agent: { createOptions: { HostConfig: { Sysctls: { '': 'x' } } } } } }, key('HostConfig.Sysctls')],
    ] as const) {
      const finding = { ...told('config/empty-name', { key: empty, version }), severity: 'error' };
      expect(findingsOf({ version, ...wanted })).toMatchObject([{ ...finding, place: { column: columnOf(empty) } }]);
    }
  });

  it.each(['1.1', '1.4.0', '1.6'])(
    'of a variable is a warning for IoT Edge %s: no container is made with it',
    (version) => {
      const details = { key: 'config.agent.env' };
      expect(findingsOf({ version, env: { '': 'x' } })).toMatchObject([
        {
          ...told('config/variable-without-name', details),
          severity: 'warning',
          place: { column: columnOf(details.key) },
        },
      ]);
      expect(findingsOf({ version, env: { ' ': 'x' } })).toEqual([]);
      expect(findings(version, { Labels: { '': 'x' } })).toEqual([]);
    },
  );
});
