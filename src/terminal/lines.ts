/** The texts of the commands `new`, `issue` and `demo`, except findings, faults and reports. */
export const terminalLines = {
  'manifest-written': ({ output, devices }: { readonly output: string; readonly devices: number }) =>
    `${output}: ${devices} ${devices === 1 ? 'device' : 'devices'}. Next: validate.`,

  'root-issued': ({ path, reused }: { readonly path: string; readonly reused: boolean }) =>
    `root        ${path}${reused ? ' (used again)' : ''}`,

  'certificate-issued': ({ path }: { readonly path: string }) => `certificate ${path}`,

  'key-issued': ({ path }: { readonly path: string }) => `private key ${path}`,

  'certificates-issued': ({ count, folder }: Many) =>
    `certificates ${count.toLocaleString('en-US')} in ${folder}: <id>-primary.pem and <id>-secondary.pem`,

  'keys-issued': ({ count, folder }: Many) =>
    `private keys ${count.toLocaleString('en-US')} in ${folder}: <id>-primary.key.pem and <id>-secondary.key.pem`,

  'keep-keys-safe': () =>
    'Commit the certificates. The private keys stay out of git: bring each to its device and delete it here.',

  'demo-certificates': ({ ids }: { readonly ids: readonly string[] }) =>
    `1. Demo certificates for ${ids.join(', ')}: a root, a primary and a secondary each.`,

  'demo-hub': ({ url }: { readonly url: string }) => `2. An embedded IoT Hub listens at ${url}.\n\n3. devices.yaml:\n`,

  'demo-apply': () => '4. provision-iot-edge apply\n',

  'demo-bundle': ({ directory }: { readonly directory: string }) =>
    `\n5. device-bundles/${directory}/config.toml, ready to place on the device:\n`,

  'demo-older-bundle': () =>
    '   The device with IoT Edge 1.1 gets a config.yaml: device-bundles/edge-002/config.yaml\n',

  'demo-again': () => '6. provision-iot-edge apply, once more\n',

  'demo-writes': ({ writes }: { readonly writes: number }) => `(the hub counted ${writes} writes)`,

  'demo-mistakes': () =>
    '\n7. The same with mistakes: a wrong certificate, a misspelt status, a host name that iotedge check warns of.\n',
};

interface Many {
  readonly count: number;
  readonly folder: string;
}
