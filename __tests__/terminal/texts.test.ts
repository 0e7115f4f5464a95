import { describe } from 'vitest';
import { terminalLines } from '../../src/terminal/lines.ts';
import { holdTexts } from '../support/text-table.ts';

describe('a line of the command line', () => {
  holdTexts(terminalLines, {
    'manifest-written': [
      [{ output: 'devices.yaml', devices: 1 }, 'devices.yaml: 1 device. Next: validate.'],
      [{ output: 'devices.yaml', devices: 2 }, 'devices.yaml: 2 devices. Next: validate.'],
    ],
    'root-issued': [
      [{ path: 'certs/root.pem', reused: false }, 'root        certs/root.pem'],
      [{ path: 'certs/root.pem', reused: true }, 'root        certs/root.pem (used again)'],
    ],
    'certificate-issued': [[{ path: 'certs/a.pem' }, 'certificate certs/a.pem']],
    'key-issued': [[{ path: 'keys/a.pem' }, 'private key keys/a.pem']],
    'certificates-issued': [
      [{ count: 2000, folder: 'certs' }, 'certificates 2,000 in certs: <id>-primary.pem and <id>-secondary.pem'],
    ],
    'keys-issued': [
      [
        { count: 2000, folder: 'device-keys' },
        'private keys 2,000 in device-keys: <id>-primary.key.pem and <id>-secondary.key.pem',
      ],
    ],
    'keep-keys-safe': [
      ['Commit the certificates. The private keys stay out of git: bring each to its device and delete it here.'],
    ],
    'demo-certificates': [
      [{ ids: ['a', 'b'] }, '1. Demo certificates for a, b: a root, a primary and a secondary each.'],
    ],
    'demo-hub': [
      [
        { url: 'https://localhost:8443' },
        '2. An embedded IoT Hub listens at https://localhost:8443.\n\n3. devices.yaml:\n',
      ],
    ],
    'demo-apply': [['4. provision-iot-edge apply\n']],
    'demo-bundle': [[{ directory: 'a' }, '\n5. device-bundles/a/config.toml, ready to place on the device:\n']],
    'demo-older-bundle': [
      ['   The device with IoT Edge 1.1 gets a config.yaml: device-bundles/edge-002/config.yaml\n'],
    ],
    'demo-again': [['6. provision-iot-edge apply, once more\n']],
    'demo-writes': [[{ writes: 0 }, '(the hub counted 0 writes)']],
    'demo-mistakes': [
      [
        '\n7. The same with mistakes: a wrong certificate, a misspelt status, a host name that iotedge check warns of.\n',
      ],
    ],
  });
});
