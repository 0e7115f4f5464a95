import { type Fact, isToml, type Row } from './facts.ts';

type Path = readonly string[];
interface Config {
  [name: string]: unknown;
}

/** The input of a fact in a whole file, as the values that a parser gives: config.toml from 1.2 on, config.yaml before. */
export function asValues(fact: Fact): Config {
  const { row, list } = fact;
  const config = frame(fact);
  switch (list) {
    case 'createOptions':
    case 'createOptions with null':
      return put(config, [...agentConfig, 'createOptions'], row.value);
    case 'pkcs11':
      return put(config, [...authentication, 'identity_pk'], row.uri);
    case 'identity':
      return identity(config, fact);
    case 'env':
      return put(config, ['agent', 'env'], row.name === 'key left out' ? undefined : row.env);
    case 'image':
      return put(config, [...agentConfig, 'image'], row['left out'] === true ? undefined : row.value);
    case 'registry':
      return put(config, [...agentConfig, 'auth'], row.auth);
    case 'agent':
      return put(config, String(row.key).split('.'), row['left out'] === true ? undefined : row.value);
    case 'durations':
      return put(config, ['image_garbage_collection'], row.key === null ? row.value : { [String(row.key)]: row.value });
    case 'moby_runtime':
      return put(config, ['moby_runtime'], engine(row));
    case 'edge_ca':
      return { ...config, edge_ca: row.edge_ca, ...spread(row.beside) };
    case 'watchdog':
      return put(config, ['watchdog'], 'max_retries' in row ? { max_retries: row.max_retries } : {});
    case 'parent_hostname':
      return row.name === 'both names'
        ? { ...config, parent_hostname: 'a', local_gateway_hostname: 'b' }
        : put(config, [row.name === 'as local_gateway_hostname' ? 'local_gateway_hostname' : list], row.value);
    case 'super-config values':
      return row.name === 'provisioning left out'
        ? put(config, ['provisioning'], undefined)
        : { ...config, ...spread(row.config) };
    default:
      // The list has the name of its key.
      return put(config, [list], row[list] ?? row.value);
  }
}

const authentication = ['provisioning', 'authentication'];
const agentConfig = ['agent', 'config'];

function frame(fact: Fact): Config {
  const uri = 'file:///srv/id.pem';
  const names = { iothub_hostname: 'contoso.azure-devices.net', device_id: 'edge-1' };
  const pair = { method: 'x509', identity_cert: uri, identity_pk: uri };
  const provisioning = isToml(fact)
    ? { source: 'manual', ...names, authentication: pair }
    : { source: 'manual', authentication: { ...pair, ...names } };
  const agent = { name: 'edgeAgent', type: 'docker', config: { image: 'agent:1' }, env: {} };
  return { provisioning, agent, hostname: 'edge-1' };
}

function identity(config: Config, fact: Fact): Config {
  const { row } = fact;
  for (const key of ['identity_cert', 'identity_pk'])
    if (key in row) return put(config, [...authentication, key], row[key]);
  const named = isToml(fact) ? ['provisioning'] : authentication;
  const changes: Readonly<Record<string, readonly [Path, unknown]>> = {
    'identity_pk left out': [[...authentication, 'identity_pk'], undefined],
    'identity_cert left out': [[...authentication, 'identity_cert'], undefined],
    'identity_cert a number': [[...authentication, 'identity_cert'], 5],
    'method in capitals': [[...authentication, 'method'], 'X509'],
    'source in capitals': [['provisioning', 'source'], 'Manual'],
    'device_id empty': [[...named, 'device_id'], ''],
    'device_id left out': [[...named, 'device_id'], undefined],
    'iothub_hostname empty': [[...named, 'iothub_hostname'], ''],
    'iothub_hostname left out': [[...named, 'iothub_hostname'], undefined],
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
