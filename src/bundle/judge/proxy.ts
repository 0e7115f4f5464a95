import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';

/**
 * Whether the runtime and its agent could go through the proxy that the manifest names; keys in `skip` are not looked at. The
 * value is not quoted: in `http://me:PASSWORD` the host is a password.
 */
export function judgeProxy(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const value = device.config.proxy?.https;
  if (value === undefined || skip.has(key)) return [];
  const problem = proxyProblem(value);
  if (problem === undefined) return [];
  const subject = { place: device.place(key), device: device.id, hub: device.hub };
  return [finding('config/proxy', { problem }, subject)];
}

const key = 'config.proxy.https';

/** `URL` takes more for a host, and drops tabs and line breaks. */
const plain = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?\/?$/i;

/** What is wrong with the address of a proxy, if anything. */
export function proxyProblem(value: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'has no scheme, expected http:// before the host';
  if (scheme !== 'http' && scheme !== 'https') return `has the scheme "${scheme}:", expected "http:"`;
  if (!URL.canParse(value)) return 'is no valid address';
  const { username, pathname, search, hash } = new URL(value);
  if (username !== '') return 'has a user name, which the runtime could not go with alone';
  if (pathname !== '/' || search !== '' || hash !== '' || /[?#]$/.test(value))
    return 'has something behind the host and its port, expected nothing';
  return plain.test(value) ? undefined : 'has characters that no host has';
}
