import type { RuntimeVersion } from '../../model/fleet.ts';
import { createOptionsShape } from './create-options-shape.ts';
import { either, listOf, type Misfit, map, mapOf, oneOf, type Shape, shape, text, truth, whole } from './shape.ts';
import { fileUri, url } from './uri-shapes.ts';

/**
 * What the daemon refuses of the values of a config.yaml (1.0.10 to 1.1, Settings of edgelet-core and edgelet-docker). It
 * lays the file over defaults of its own, so that nearly nothing has to be there. It passes over unknown keys.
 * @param config the parsed file
 */
export function configYamlMisfits(config: unknown, version: RuntimeVersion): readonly Misfit[] {
  return map({ provisioning, agent: agent(version), hostname: text, moby_runtime, certificates, watchdog })(config, []);
}

const file = fileUri('iotedge');

const x509 = map(
  { method: oneOf('x509'), iothub_hostname: text, device_id: text, identity_cert: file, identity_pk: file },
  { required: ['method', 'iothub_hostname', 'device_id', 'identity_cert', 'identity_pk'] },
);

const provisioning: Shape = map(
  { source: oneOf('manual', 'dps', 'external'), authentication: x509, dynamic_reprovisioning: truth },
  { required: ['source'], notNull: ['dynamic_reprovisioning'] },
);

const textOrNull = shape('text', (value) => typeof value === 'string' || value === null);

function agent(version: RuntimeVersion): Shape {
  return map(
    {
      name: text,
      type: text,
      imagePullPolicy: oneOf('on-create', 'never'),
      config: map(
        {
          image: text,
          imageHash: text,
          createOptions: createOptionsShape(version),
          auth: map({ username: text, password: text, email: text, serveraddress: text }),
        },
        { notNull: ['createOptions'] },
      ),
      env: mapOf(textOrNull),
    },
    { notNull: ['env'] },
  );
}

const ipam = map({ config: listOf(map({ gateway: text, subnet: text, ip_range: text })) });
/** The container network, a name or a map. */
const network: Shape = either(text, map({ name: text, ipv6: truth, ipam }, { required: ['name'] }));

/** An empty map is laid over the default, which is a name, and leaves it. */
const networkOverDefault: Shape = (value, path) => (isEmptyMap(value) ? [] : network(value, path));

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

const moby_runtime = map({ uri: url, network: networkOverDefault }, { notNull: ['network'] });

const certificates = map(
  {
    device_ca_cert: text,
    device_ca_pk: text,
    trusted_ca_certs: text,
    auto_generated_ca_lifetime_days: whole(0, 65_535),
  },
  { notNull: ['auto_generated_ca_lifetime_days'] },
);

/** `null` is the word for infinite. */
const watchdog = map({ max_retries: whole(0, 4_294_967_295) });
