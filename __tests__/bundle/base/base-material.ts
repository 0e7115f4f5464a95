import { type Base, readBase } from '../../../src/bundle/base/base.ts';
import { type BaseEdits, editBase } from '../../../src/bundle/base/edit.ts';

export const pair = {
  hub: 'contoso.azure-devices.net',
  deviceId: 'edge-001',
  certificate: 'file:///var/lib/iotedge/identity/edge-001.pem',
  privateKey: 'file:///var/lib/iotedge/identity/edge-001.key.pem',
};

/** The section of `pair`. */
export const section = `provisioning:
  source: "manual"
  authentication:
    method: "x509"
    iothub_hostname: "contoso.azure-devices.net"
    device_id: "edge-001"
    identity_cert: "file:///var/lib/iotedge/identity/edge-001.pem"
    identity_pk: "file:///var/lib/iotedge/identity/edge-001.key.pem"
  dynamic_reprovisioning: false
`;

export function baseOf(text: string): Base {
  const { value, findings } = readBase('base/config.yaml', text, {});
  if (value === undefined || findings.length > 0) throw new Error(JSON.stringify(findings));
  return value;
}

/** The text for `pair`, with more settings. */
export function edited(text: string, ...set: readonly (readonly [path: string, value: unknown])[]): string {
  return editBase(baseOf(text), { provisioning: pair, set: setOf(set) });
}

function setOf(set: readonly (readonly [path: string, value: unknown])[]): BaseEdits['set'] {
  return set.map(([path, value]) => ({ path: path.split('.'), value }));
}

/** The lines that differ, as a person sees them in a diff; the two differ in one place. */
export function diffOf(before: string, after: string): string {
  const old = before.split('\n');
  const now = after.split('\n');
  let start = 0;
  while (start < old.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  return [
    `@@ line ${start + 1} @@`,
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
  ].join('\n');
}
