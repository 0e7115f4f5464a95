import type { Fact, Row } from './facts.ts';

type Path = readonly string[];
interface Config {
  [name: string]: unknown;
}

/** The input of a fact up to 1.1 in a whole config.yaml, as the values that a parser gives. */
export function asValues(fact: Fact): Config {
  const { row, list } = fact;
  switch (list) {
    case 'createOptions':
    case 'createOptions with null':
      return put(config, [...agentConfig, 'createOptions'], row.value);
    case 'pkcs11':
      return put(config, [...authentication, 'identity_pk'], row.uri);
    case 'identity':
      return identity(fact);
    case 'env':
      return put(config, ['agent', 'env'], row.name === 'key left out' ? undefined : row.env);
    case 'image':
      return put(config, [...agentConfig, 'image'], row['left out'] === true ? undefined : row.value);
    case 'registry':
      return put(config, [...agentConfig, 'auth'], row.auth);
    case 'agent':
      return put(config, String(row.key).split('.'), row['left out'] === true ? undefined : row.value);
    case 'moby_runtime':
      return put(config, ['moby_runtime'], engine(row));
    case 'watchdog':
      return put(config, ['watchdog'], 'max_retries' in row ? { max_retries: row.max_retries } : {});
    default:
      // The list has the name of its key.
      return put(config, [list], row[list] ?? row.value);
  }
}

const authentication = ['provisioning', 'authentication'];
const agentConfig = ['agent', 'config'];

const uri = 'file:///srv/id.pem';
const names = { iothub_hostname: 'contoso.azure-devices.net', device_id: 'edge-1' };
const pair = { method: 'x509', identity_cert: uri, identity_pk: uri };
const config: Config = {
  provisioning: { source: 'manual', authentication: { ...pair, ...names } },
  agent: { name: 'edgeAgent', type: 'docker', config: { image: 'agent:1' }, env: {} },
  hostname: 'edge-1',
};

function identity({ row }: Fact): Config {
  for (const key of ['identity_cert', 'identity_pk'])
    if (key in row) return put(config, [...authentication, key], row[key]);
  const changes: Readonly<Record<string, readonly [Path, unknown]>> = {
    'identity_pk left out': [[...authentication, 'identity_pk'], undefined],
    'identity_cert left out': [[...authentication, 'identity_cert'], undefined],
    'identity_cert a number': [[...authentication, 'identity_cert'], 5],
    'method in capitals': [[...authentication, 'method'], 'X509'],
    'source in capitals': [['provisioning', 'source'], 'Manual'],
    'device_id empty': [[...authentication, 'device_id'], ''],
    'device_id left out': [[...authentication, 'device_id'], undefined],
    'iothub_hostname empty': [[...authentication, 'iothub_hostname'], ''],
    'iothub_hostname left out': [[...authentication, 'iothub_hostname'], undefined],
    'dynamic_reprovisioning as text': [['provisioning', 'dynamic_reprovisioning'], 'true'],
    'dynamic_reprovisioning null': [['provisioning', 'dynamic_reprovisioning'], null],
  };
  const [path, value] = changes[String(row.name)] ?? [['fancy'], 'x'];
  return put(config, path, value);
}

function engine(row: Row): unknown {
  return 'network' in row ? { uri: 'unix:///var/run/docker.sock', network: row.network } : row.moby_runtime;
}

function spread(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Puts a value at a path of a map; `undefined` takes the key away. */
function put(map: Config, [name = '', ...rest]: Path, value: unknown): Config {
  if (rest.length > 0) return { ...map, [name]: put({ ...spread(map[name]) }, rest, value) };
  const { [name]: _, ...others } = map;
  return value === undefined ? others : { ...others, [name]: value };
}
