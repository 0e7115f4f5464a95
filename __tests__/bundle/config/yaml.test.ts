import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationOf as render } from '../material.ts';

const whole = `# Azure IoT Edge 1.1: device edge-001
# Place: /etc/iotedge/config.yaml, owner iotedge, mode 0400; install.sh beside it puts it there
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
hostname: "\${HOST_NAME}" # Placed by hand? Write the name that the device has already, else the machine's.
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
    expect(text).toContain('\n    "no": "yes"\n');
  });

  it('has every text and every list on a line of its own, and plain names as they are', () => {
    const createOptions = {
      HostConfig: { Binds: ['/a:/b', 'no'], PortBindings: { '80/tcp': [{ HostPort: '80', yes: [] }] }, Memory: 1 },
      Labels: {},
    };
    const text = render({ env: { Level: 'a\nb' }, config: { agent: { createOptions } } });
    expect(text).toContain(`
  env:
    Level: "a\\nb"
  config:
    image: "mcr.microsoft.com/azureiotedge-agent:1.1"
    createOptions:
      HostConfig:
        Binds: ["/a:/b", "no"]
        PortBindings:
          "80/tcp": [{"HostPort": "80", "yes": []}]
        Memory: 1
      Labels: {}
    auth: {}
`);
    expect(parse(text).agent.config.createOptions).toEqual(createOptions);
  });

  it('gives variables of the agent precedence over those of the proxy', () => {
    const config = { proxy: { https: 'http://a:1', noProxy: 'b' }, agent: { env: { https_proxy: 'http://c:2' } } };
    expect(parse(render({ config })).agent.env).toEqual({ https_proxy: 'http://c:2', no_proxy: 'b' });
  });

  it('says for Windows where it goes, and who puts it there', () => {
    const text = render({ platform: 'windows' });
    expect(text).toContain('# Place: C:\\ProgramData\\iotedge\\config.yaml; Initialize-IoTEdge.ps1');
  });
});
