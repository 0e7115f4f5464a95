import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { renderConfigYaml } from '../../src/bundle/config-yaml.ts';
import { isHubHost } from '../../src/model/fleet.ts';
import { deviceOf, type Wanted } from './material.ts';

const places = {
  certificate: 'file:///var/lib/iotedge/identity/edge-001.pem',
  privateKey: 'file:///var/lib/iotedge/identity/edge-001.key.pem',
};

function render(wanted: Wanted = {}): string {
  const { hub = 'contoso.azure-devices.net' } = wanted;
  if (hub === null || !isHubHost(hub)) throw new Error('no hub');
  return renderConfigYaml(deviceOf(wanted), hub, places);
}

const whole = `# Azure IoT Edge 1.1: device edge-001
# Place: /etc/iotedge/config.yaml, owner iotedge, mode 0400; then: sudo systemctl restart iotedge
# The certificate (primary) and its private key must lie, readable by iotedge, at
#   file:///var/lib/iotedge/identity/edge-001.pem
#   file:///var/lib/iotedge/identity/edge-001.key.pem

provisioning:
  source: "manual"
  authentication:
    method: "x509"
    iothub_hostname: "contoso.azure-devices.net"
    device_id: "edge-001"
    identity_cert: "file:///var/lib/iotedge/identity/edge-001.pem"
    identity_pk: "file:///var/lib/iotedge/identity/edge-001.key.pem"
  dynamic_reprovisioning: false
agent:
  name: "edgeAgent"
  type: "docker"
  env: {}
  config:
    image: "mcr.microsoft.com/azureiotedge-agent:1.1"
    auth: {}
hostname: "edge-001"
connect:
  management_uri: "unix:///var/run/iotedge/mgmt.sock"
  workload_uri: "unix:///var/run/iotedge/workload.sock"
listen:
  management_uri: "fd://iotedge.mgmt.socket"
  workload_uri: "fd://iotedge.socket"
homedir: "/var/lib/iotedge"
moby_runtime:
  uri: "unix:///var/run/docker.sock"
`;

describe('config.yaml', () => {
  it('is whole, quoted, indented by two, and ends in a newline', () => {
    expect(render()).toBe(whole);
  });

  it('is the same for the same device', () => {
    const wanted = { env: { b: '1', a: '2' } };
    expect(render(wanted)).toBe(render(wanted));
  });

  it.each([
    ['1.0', 'mcr.microsoft.com/azureiotedge-agent:1.0'],
    ['1.0.10', 'mcr.microsoft.com/azureiotedge-agent:1.0'],
    ['1.1.15', 'mcr.microsoft.com/azureiotedge-agent:1.1'],
  ])('of version %s starts with the agent of its package', (version, image) => {
    expect(parse(render({ version })).agent.config.image).toBe(image);
  });

  it('names the hub without the port that only we use', () => {
    const config = parse(render({ hub: 'localhost:8443' }));
    expect(config.provisioning.authentication.iothub_hostname).toBe('localhost');
  });

  it('takes host name, image and variables from the manifest', () => {
    const config = parse(
      render({ hostname: 'Edge.local', image: 'registry.example/agent:2', env: { RuntimeLogLevel: 'debug' } }),
    );
    expect(config.hostname).toBe('Edge.local');
    expect(config.agent.config.image).toBe('registry.example/agent:2');
    expect(config.agent.env).toEqual({ RuntimeLogLevel: 'debug' });
  });

  it('keeps names and values of variables strings, whatever they look like', () => {
    const env = {
      no: 'yes',
      1: '1.10',
      '~': 'null',
      'a: b': '0x1F',
      '{{': '{{ x }}',
      true: '',
      '<<': '*a',
      ' s ': '# no',
    };
    const text = render({ env });
    expect(parse(text).agent.env).toEqual(env);
    expect(parse(text, { version: '1.1' }).agent.env).toEqual(env);
    expect(text).toContain('    "no": "yes"\n');
  });

  it('parses back to what was meant, on one line a value, for any id, host name and variables', () => {
    const id = fc.string({ unit: fc.constantFrom(...[..."aZ09-._:%#*?!(),+=@$';"]), minLength: 1, maxLength: 128 });
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '"',
          "'",
          '\\',
          '\n',
          '\r',
          '\t',
          '{{',
          '}}',
          '#',
          ': ',
          '- ',
          ' ',
          'é',
          '\u2028',
          '😀',
          '\0',
          '%',
        ),
      }),
    );
    const name = text.filter((key) => key !== '__proto__');
    fc.assert(
      fc.property(id, text, fc.dictionary(name, text, { maxKeys: 4 }), text, (id, hostname, env, image) => {
        const rendered = render({ id, hostname, env, image });
        const document = parseDocument(rendered);
        expect([...document.errors, ...document.warnings]).toEqual([]);
        const config = document.toJS();
        expect(config.provisioning.authentication.device_id).toBe(id);
        expect(config.hostname).toBe(hostname);
        expect(config.agent.config.image).toBe(image);
        expect(new Map(Object.entries(config.agent.env))).toEqual(new Map(Object.entries(env)));
        expect(rendered).toMatch(/^provisioning:\n {2}source: "manual"\n/m);
        expect(rendered.endsWith('"\n')).toBe(true);
      }),
    );
  });
});

const templates = new URL('../../../shared/reference/iotedge/config.yaml/', import.meta.url);

describe.skipIf(!existsSync(templates))(
  'config.yaml, beside the templates of the Debian packages (../shared/reference)',
  () => {
    it.each(['1.0.10', '1.1.15'])('of %s sets what the package sets, to the same values', (version) => {
      const template = parse(readFileSync(new URL(`${version}/linux-debian.config.yaml`, templates), 'utf8'));
      const ours = parse(render({ version }));
      expect(Object.keys(ours)).toEqual(Object.keys(template));
      const { provisioning, hostname, ...rest } = template;
      expect(ours).toMatchObject(rest);
      expect(ours).toEqual({ ...template, provisioning: ours.provisioning, hostname: ours.hostname });
      expect(provisioning.dynamic_reprovisioning).toBe(ours.provisioning.dynamic_reprovisioning);
      expect(hostname).not.toBe(ours.hostname);
    });

    it('has the shape of the runtime’s own example of manual X.509 provisioning', () => {
      const example = parse(readFileSync(new URL('../config.toml/manual-x509/old-config.yaml', templates), 'utf8'));
      const ours = parse(render());
      expect(Object.keys(ours.provisioning)).toEqual(Object.keys(example.provisioning));
      expect(Object.keys(ours.provisioning.authentication)).toEqual(Object.keys(example.provisioning.authentication));
    });
  },
);
