import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

const key = 'config.edgeCa.lifetimeDays';
/** Up to 1.1 the number has 16 bits. */
const most = 65_535;

/** Checks the lifetime of the certificate that the runtime makes for its modules. */
export function judgeEdgeCaLifetime(device: Device): readonly Finding[] {
  const days = device.config.edgeCa?.lifetimeDays;
  if (days === undefined) return [];
  const { version } = device.runtime;
  const old = generationOf(version) === 'iotedge';
  const subject = { place: device.place(key), device: device.id, hub: device.hub };
  if (days === 0 && old) return [finding('config/edge-ca-of-no-days', { key }, subject)];
  if (days === 0)
    return [finding('config/refused-value', { key, problem: 'lifetime-zero', version: version.text }, subject)];
  if (!old || days <= most) return [];
  return [
    finding('config/refused-value', { key, problem: 'lifetime-too-long', found: days, version: version.text }, subject),
  ];
}
