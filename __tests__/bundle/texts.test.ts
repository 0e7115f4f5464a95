import { expect, it } from 'vitest';
import { bundleFault, type Obstacle } from '../../src/bundle/faults.ts';
import type { Fault } from '../../src/model/fault.ts';
import type { AddressProblem, BaseProblem } from '../../src/rules/base.ts';
import { told } from '../support/finding.ts';

/** One or more examples for each kind. A kind without an example does not compile. */
type Examples<Problem extends { readonly kind: string }> = {
  readonly [Kind in Problem['kind']]: readonly Extract<Problem, { readonly kind: Kind }>[];
};

const addresses: { readonly [Kind in AddressProblem['kind']]: AddressProblem } = {
  scheme: { kind: 'scheme', expected: ['unix', 'http'] },
  'systemd-socket': { kind: 'systemd-socket' },
  relative: { kind: 'relative' },
  'windows-path': { kind: 'windows-path' },
  'linux-path': { kind: 'linux-path' },
  mismatch: { kind: 'mismatch', connect: 'http://10.0.0.1:15580' },
};

const ofAddress = {
  kind: 'address',
  name: 'workload_uri',
  side: 'listen',
  value: 'unix:///w',
  usual: { connect: 'unix:///var/run/iotedge/workload.sock', listen: 'fd://iotedge.socket' },
  platform: 'debian',
} as const;

const lacks = { kind: 'lacks', setting: 'homedir', usual: '/var/lib/iotedge', platform: 'debian' } as const;

const bases: Examples<BaseProblem> = {
  unreadable: (['missing', 'outside', 'too-large', 'unreadable'] as const).map((why) => ({
    kind: 'unreadable',
    why,
    detail: `DETAIL OF ${why}`,
  })),
  'not-utf-8': [{ kind: 'not-utf-8' }],
  'other-form': (['config.yaml', 'config.toml'] as const).map((expected) => ({
    kind: 'other-form',
    expected,
    version: 'VERSION',
  })),
  'toml-syntax': [{ kind: 'toml-syntax', message: 'MESSAGE' }],
  'read-differently': [{ kind: 'read-differently' }],
  'not-editable': [{ kind: 'not-editable', detail: 'DETAIL' }],
  'lfs-pointer': [{ kind: 'lfs-pointer' }],
  'utf-16': [{ kind: 'utf-16' }],
  syntax: [{ kind: 'syntax', message: 'MESSAGE' }],
  'too-deep': [{ kind: 'too-deep' }],
  'carriage-return': [{ kind: 'carriage-return' }],
  tab: [{ kind: 'tab' }],
  'second-document': [{ kind: 'second-document' }],
  'no-settings': [{ kind: 'no-settings' }],
  'no-map': [{ kind: 'no-map' }],
  'provisioning-indented': [{ kind: 'provisioning-indented' }],
  'key-indented': [{ kind: 'key-indented', key: 'agent' }],
  'key-twice': [{ kind: 'key-twice', key: 'agent' }],
  'key-case': [{ kind: 'key-case', key: 'Agent', expected: 'agent' }],
  'key-without-colon': [{ kind: 'key-without-colon' }],
  alias: [{ kind: 'alias', name: 'x' }],
  'no-section': [{ kind: 'no-section', setting: 'agent.env' }],
  'provisioning-empty': [{ kind: 'provisioning-empty' }],
  'two-authentications': [{ kind: 'two-authentications' }],
  'dynamic-reprovisioning': [{ kind: 'dynamic-reprovisioning' }],
  value: [{ kind: 'value', setting: 'agent.env.A', expected: 'text', found: 'a whole number', version: '1.1' }],
  lacks: [
    { ...lacks, found: 'nothing' },
    { ...lacks, found: 'no-text' },
  ],
  hostname: [{ kind: 'hostname' }],
  address: Object.values(addresses).map((problem) => ({ ...ofAddress, problem })),
};

const obstacles: Examples<Obstacle> = {
  system: [{ kind: 'system', message: 'MESSAGE' }],
  'not-a-folder': [{ kind: 'not-a-folder', path: '/file' }],
  'unsafe-name': [{ kind: 'unsafe-name', name: '..' }],
  removed: [{ kind: 'removed', path: '/.bundles.1-1.next' }],
  contended: [{ kind: 'contended' }],
};

const places = ['relative', 'file-system-root', 'workspace', 'above-workspace', 'in-git'] as const;
const folder = '/bundles';
const faults: readonly Fault[] = [
  ...places.map((place) => bundleFault('output-misplaced', { directory: folder, place })),
  ...(['link', 'file'] as const).map((by) => bundleFault('output-occupied', { folder, by })),
  ...Object.values(obstacles)
    .flat()
    .map((obstacle) => bundleFault('output-unwritable', { directory: folder, obstacle })),
  ...[0, 2].map((more) => bundleFault('bundles-unrendered', { devices: [{ device: 'edge-1', message: 'M' }], more })),
];

/** `__tests__/rules/texts.txt` has one example of each rule and fault; this file has each of their problems. */
it('says of each problem what texts.txt shows', async () => {
  const findings = Object.values(bases)
    .flat()
    .map((problem) => told('config/base', { path: 'base.yaml', problem }));
  const texts = [...findings, ...faults].map(({ message, remedy }) => `${message}\n  → ${remedy}`);
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('texts.txt');
});
