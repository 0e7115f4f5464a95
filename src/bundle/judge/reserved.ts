import type { PlaceProblem } from '../../rules/uri.ts';

/**
 * The places of the configuration, of the daemons' own files and of the proxy's drop-ins. They hold for both
 * generations of the runtime, since a device may be upgraded.
 */
const reserved: readonly (readonly [place: RegExp, problem: PlaceProblem])[] = [
  [/^\/etc\/(iotedge|aziot)\/config\.[^/]*$/, { kind: 'runtime-configuration' }],
  [/^\/etc\/aziot\/(keyd|certd|identityd|tpmd|edged)\//, { kind: 'daemon-configuration' }],
  [/^\/etc\/systemd\//, { kind: 'systemd-settings' }],
  [/^[a-z]:\\programdata\\iotedge\\config\.[^\\]*$/i, { kind: 'runtime-configuration' }],
];

/** Why a file of the device cannot lie at a path: another program writes there. */
export function problemOfReserved(path: string): PlaceProblem | undefined {
  const plain = path.replace(/([\\/])[\\/]+/g, '$1');
  return reserved.find(([place]) => place.test(plain))?.[1];
}
