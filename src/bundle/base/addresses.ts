import type { Finding, Subject } from '../../model/finding.ts';
import type { Platform } from '../../model/fleet.ts';
import type { AddressName, AddressProblem } from '../../rules/base.ts';
import { platforms } from '../config/yaml.ts';
import type { Base } from './base.ts';
import { complaint } from './needs.ts';
import { settingAt } from './settings.ts';

const names: readonly AddressName[] = ['management_uri', 'workload_uri'];

/**
 * Returns a finding for each address that the platform cannot have, and for each pair where modules would connect to
 * one address and the daemon would listen at another. `judgeParts` reports missing addresses.
 */
export function judgeAddresses(base: Base, platform: Platform, subject: Subject): readonly Finding[] {
  return names.flatMap((name) => {
    const [connect, listen] = [textAt(base, 'connect', name), textAt(base, 'listen', name)];
    if (connect === undefined || listen === undefined) return [];
    const usual = { connect: platforms[platform].connect[name], listen: platforms[platform].listen[name] };
    const problems: readonly (readonly [side: 'connect' | 'listen', problem: AddressProblem | undefined])[] = [
      ['connect', problemOf(connect, platform, ['unix', 'http'])],
      ['listen', problemOf(listen, platform, ['unix', 'http', 'fd'])],
    ];
    const alone = problems.flatMap(([side, problem]) => (problem === undefined ? [] : [{ side, problem }]));
    const together = match(connect, listen)
      ? []
      : [{ side: 'listen', problem: { kind: 'mismatch', connect } } as const];
    return (alone.length > 0 ? alone : together).map(({ side, problem }) => {
      const value = side === 'connect' ? connect : listen;
      return complaint(
        base,
        `${side}.${name}`,
        { kind: 'address', name, side, value, problem, usual, platform },
        subject,
      );
    });
  });
}

function textAt({ settings }: Base, section: 'connect' | 'listen', name: string): string | undefined {
  const scalar = settingAt(settings, [section, name])?.scalar;
  return typeof scalar === 'string' && scalar.trim() !== '' ? scalar : undefined;
}

function problemOf(uri: string, platform: Platform, expected: readonly string[]): AddressProblem | undefined {
  const { scheme, rest } = partsOf(uri);
  if (!expected.includes(scheme)) return { kind: 'scheme', expected };
  if (scheme === 'fd' && platform !== 'debian') return { kind: 'systemd-socket' };
  if (scheme !== 'unix') return undefined;
  if (!rest.startsWith('/')) return { kind: 'relative' };
  const isWindows = /^\/[a-z]:\//i.test(rest);
  if (isWindows === (platform === 'windows')) return undefined;
  return { kind: isWindows ? 'windows-path' : 'linux-path' };
}

/** Pairs schemes as `iotedge check` does, and compares path and port too: containers get the path of `connect`. */
function match(connect: string, listen: string): boolean {
  const [from, to] = [partsOf(connect), partsOf(listen)];
  if (to.scheme === 'fd') return from.scheme === 'unix';
  if (from.scheme !== to.scheme) return false;
  return from.scheme === 'unix' ? pathOf(from.rest) === pathOf(to.rest) : portOf(connect) === portOf(listen);
}

function partsOf(uri: string): { readonly scheme: string; readonly rest: string } {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/is.exec(uri) ?? [];
  return { scheme: scheme.toLowerCase(), rest };
}

/** On every current Linux, /var/run is a link to /run. */
function pathOf(rest: string): string {
  return rest.replace(/^\/var\/run\//, '/run/');
}

/** Compares the port only: the daemon may listen at all addresses of the machine, and modules connect to one. */
function portOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).port : uri;
}
