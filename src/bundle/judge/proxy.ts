import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { ProxyProblem } from '../../rules/config.ts';
import { finding } from '../../rules/rules.ts';

/**
 * Checks that the runtime and its agent can use the proxy of the manifest. Keys in `skip` are not looked at. The
 * finding does not quote the value: in `http://me:PASSWORD` the host is a password.
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

/** `URL` accepts more characters in a host than this, and drops tabs and line breaks. */
const plain = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?\/?$/i;

/** What is wrong with the address of a proxy. */
export function proxyProblem(value: string): ProxyProblem | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'no-scheme';
  if (scheme !== 'http' && scheme !== 'https') return { scheme };
  if (!URL.canParse(value)) return 'invalid';
  const { username, pathname, search, hash } = new URL(value);
  if (username !== '') return 'user-name';
  if (pathname !== '/' || search !== '' || hash !== '' || /[?#]$/.test(value)) return 'more-than-host';
  return plain.test(value) ? undefined : 'characters';
}
