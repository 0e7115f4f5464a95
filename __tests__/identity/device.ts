import type { Place } from '../../src/model/finding.ts';
import { type Device, isDeviceId } from '../../src/model/fleet.ts';

/** The line of each value of a test device. All other keys are on the line of the device. */
const lines: Readonly<Record<string, number>> = {
  device: 10,
  'certificates.primary': 12,
  'certificates.secondary': 13,
  'thumbprints.primary': 15,
  'thumbprints.secondary': 16,
};

export type Wish = Partial<Omit<Device, 'id' | 'runtime'>> & { readonly id?: string; readonly runtime?: string };

/** Returns a device in the form of the manifest stage. `runtime` is written as `1.1 debian`. */
export function device({ id = 'edge-001', runtime = '1.1 debian', ...wish }: Wish): Device {
  if (!isDeviceId(id)) throw new Error(`no device id: ${id}`);
  const [text = '', platform] = runtime.split(' ');
  const [major = 1, minor = 0] = text.split('.').map(Number);
  return {
    id,
    certificates: {},
    thumbprints: {},
    thumbprintAlgorithm: 'sha256',
    identity: { slot: 'primary' },
    config: { agent: { env: {} } },
    place: (key) => at(lines[key] ?? lines.device ?? 0),
    runtime: { version: { text, major, minor }, platform: platform === 'windows' ? 'windows' : 'debian' },
    ...wish,
  };
}

export function at(line: number): Place {
  return { file: 'devices.yaml', line, column: 5 };
}
