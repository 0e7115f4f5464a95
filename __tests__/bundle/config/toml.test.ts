import { parse } from '@iarna/toml';
import { describe, expect, it } from 'vitest';
import { configurationOf as render } from '../material.ts';

const whole = `# Azure IoT Edge 1.5.21: device edge-001
# Place: /etc/aziot/config.toml, owner root, mode 0600; install.sh beside it puts it there
# The certificate (primary) and its private key must lie, before it is applied, at
#   file:///var/aziot/certs/edge-001.pem
#   file:///var/aziot/secrets/edge-001.key.pem

# hostname = "" # Placed by hand? Only a name that differs from the machine's and is in /etc/aziot/identityd/config.d/00-super.toml goes here, without the # before it.

[provisioning]
source = "manual"
iothub_hostname = "contoso.azure-devices.net"
device_id = "edge-001"

[provisioning.authentication]
method = "x509"
identity_cert = "file:///var/aziot/certs/edge-001.pem"
identity_pk = "file:///var/aziot/secrets/edge-001.key.pem"

[agent]
name = "edgeAgent"
type = "docker"

[agent.config]
image = "mcr.microsoft.com/azureiotedge-agent:1.5"

[agent.env]
`;

describe('config.toml', () => {
  it('is whole, and ends in a newline', () => {
    expect(render({ version: '1.5.21' })).toBe(whole);
  });

  it('is the same for the same device', () => {
    const wanted = { version: '1.5', env: { b: '1', a: '2' } };
    expect(render(wanted)).toBe(render(wanted));
  });

  it('has top-level keys before the first table, which would swallow them', () => {
    const text = render({
      version: '1.5',
      hostname: 'edge',
      config: {
        parentHostname: 'gateway',
        autoReprovisioningMode: 'OnErrorOnly',
        trustBundle: '/certs/trust.pem',
        watchdog: { maxRetries: 5 },
      },
    });
    const keys = text.slice(0, text.indexOf('\n[')).match(/^\w+(?= =)/gm);
    expect(keys).toEqual(['hostname', 'parent_hostname', 'trust_bundle_cert', 'auto_reprovisioning_mode']);
    expect(text.match(/^\[.*\]$/gm)).toEqual([
      ...['[provisioning]', '[provisioning.authentication]', '[agent]', '[agent.config]', '[agent.env]', '[watchdog]'],
    ]);
  });

  it('keeps names and values of variables strings, whatever they look like', () => {
    const env = {
      no: 'yes',
      1: '1.10',
      '~': 'null',
      'a: b': '0x1F',
      '{{': '{{ x }}',
      'a.b': '1979-05-27',
      '': "'''",
      '[x]': '"""',
      ' s ': '# no',
      é: '\u007f\u0085\u2028',
    };
    const read = JSON.parse(JSON.stringify(parse(render({ version: '1.5', env }))));
    expect(read.agent.env).toEqual(env);
  });

  it('has no network for an empty name, which the runtime takes for none', () => {
    for (const version of ['1.1', '1.5']) {
      const text = render({ version, config: { hostname: 'plant', network: { name: '', ipam: [] } } });
      expect(text).not.toMatch(/network|""/);
    }
  });

  it('has any text of a security module as it is, and the PIN behind it', () => {
    const privateKey = `pkcs11:token=my "edge" it's \\;object=é#%?module-name=m`;
    const config = { pkcs11: { library: '/m.so' } };
    const read = parse(render({ version: '1.5', privateKey, config, identity: { pinFrom: 'IOTEDGE_PIN' } }));
    const pin = 'pin-value=$'.concat('{IOTEDGE_PIN}');
    expect(read).toMatchObject({ provisioning: { authentication: { identity_pk: `${privateKey}&${pin}` } } });
  });

  it('keeps the kinds of what Docker takes', () => {
    const createOptions = {
      HostConfig: {
        Memory: 536_870_912,
        MemorySwappiness: 0,
        Privileged: false,
        PortBindings: { '5671/tcp': [{ HostPort: '5671' }], '443/tcp': [{ HostIp: '::' }, { HostPort: '443' }] },
        Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'rprivate' } }],
        CapAdd: [],
      },
      Healthcheck: { Interval: 30_000_000_000 },
      ExposedPorts: { '5671/tcp': {} },
    };
    const text = render({ version: '1.5', config: { agent: { createOptions } } });
    const read = JSON.parse(JSON.stringify(parse(text)));
    expect(read.agent).toMatchObject({ config: { createOptions }, env: {} });
    // Docker's fields are whole numbers: the runtime refuses a fraction.
    expect(text).toContain('\nMemory = 536870912\n');
    expect(text).toContain('\nInterval = 30000000000\n');
  });

  it('has no table of options where there are none', () => {
    expect(render({ version: '1.2', config: { agent: { createOptions: {} } } })).not.toContain('createOptions');
  });
});
