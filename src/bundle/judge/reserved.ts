/** Places that the configuration, the daemons' own and the proxy's drop-ins have; of either generation, as one may follow the other. */
const reserved: readonly (readonly [place: RegExp, problem: string])[] = [
  [/^\/etc\/(iotedge|aziot)\/config\.[^/]*$/, "has the name of the runtime's configuration, expected another one"],
  [
    /^\/etc\/aziot\/(keyd|certd|identityd|tpmd|edged)\//,
    "lies where a daemon's configuration does, expected a folder of its own",
  ],
  [/^\/etc\/systemd\//, "lies among systemd's settings, expected a folder of its own"],
  [
    /^[a-z]:\\programdata\\iotedge\\config\.[^\\]*$/i,
    "has the name of the runtime's configuration, expected another one",
  ],
];

/** What stands against a file of the device's at a path, where something else writes: `lies where …`. */
export function problemOfReserved(path: string): string | undefined {
  const plain = path.replace(/([\\/])[\\/]+/g, '$1');
  return reserved.find(([place]) => place.test(plain))?.[1];
}
