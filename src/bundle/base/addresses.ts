import type { Finding, Subject } from '../../model/finding.ts';
import type { Platform } from '../../model/fleet.ts';
import { platforms } from '../config/yaml.ts';
import type { Base } from './base.ts';
import { complaint } from './needs.ts';
import { settingAt } from './settings.ts';

const names = ['management_uri', 'workload_uri'] as const;

/**
 * A finding for each pair of addresses of which modules would knock at one and the daemon listen at another, or at none
 * that the platform has. What is missing altogether is told by `judgeParts`.
 */
export function judgeAddresses(base: Base, platform: Platform, subject: Subject): readonly Finding[] {
  return names.flatMap((name) => {
    const [connect, listen] = [textAt(base, 'connect', name), textAt(base, 'listen', name)];
    if (connect === undefined || listen === undefined) return [];
    const wrong = [
      { path: `connect.${name}`, problem: problemOf(connect, platform, ['unix', 'http']) },
      { path: `listen.${name}`, problem: problemOf(listen, platform, ['unix', 'http', 'fd']) },
    ].filter(({ problem }) => problem !== undefined);
    if (wrong.length === 0 && !match(connect, listen)) {
      wrong.push({ path: `listen.${name}`, problem: `does not match connect.${name}, ${JSON.stringify(connect)}` });
    }
    const usual = platforms[platform];
    const remedy = `Write connect.${name}: ${JSON.stringify(usual.connect[name])} and listen.${name}: ${JSON.stringify(usual.listen[name])}, as the package for ${platform} has it, or your own.`;
    return wrong.map(({ path, problem }) => {
      const value = path.startsWith('connect') ? connect : listen;
      return complaint(base, path, { what: `${path}, ${JSON.stringify(value)}, ${problem}`, remedy }, subject);
    });
  });
}

function textAt({ settings }: Base, section: 'connect' | 'listen', name: string): string | undefined {
  const scalar = settingAt(settings, [section, name])?.scalar;
  return typeof scalar === 'string' && scalar.trim() !== '' ? scalar : undefined;
}

function problemOf(uri: string, platform: Platform, schemes: readonly string[]): string | undefined {
  const { scheme, rest } = partsOf(uri);
  if (!schemes.includes(scheme)) return `is no address that begins with ${schemes.join('://, ')}://`;
  if (scheme === 'fd' && platform !== 'debian') return 'is a socket of systemd, which only the package for debian has';
  if (scheme !== 'unix') return undefined;
  if (!rest.startsWith('/')) return 'has no absolute path, expected three slashes behind the colon';
  const isWindows = /^\/[a-z]:\//i.test(rest);
  if (isWindows === (platform === 'windows')) return undefined;
  return isWindows ? 'is a path of Windows, on a Linux device' : 'is a path of Linux, on a Windows device';
}

/** As `iotedge check` pairs them, and beyond the schemes by path and port: a container is given the path of `connect`. */
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

/** One folder by two names on every Linux of today. */
function pathOf(rest: string): string {
  return rest.replace(/^\/var\/run\//, '/run/');
}

/** The daemon may listen at all addresses of the machine, and modules knock at one. */
function portOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).port : uri;
}
