/**
 * Deployments of the shapes that public samples have, written anew. The names of modules, images and routes are made up; what stands
 * around them is what people copy: versions, forms of createOptions, of routes and of placeholders.
 */
type Json = Readonly<Record<string, unknown>>;

interface Parts {
  readonly version?: string;
  readonly modules?: Json;
  readonly routes?: Json;
  readonly logins?: Json;
  readonly hubOptions?: unknown;
  readonly hub?: Json;
  readonly hubEnv?: Json;
  readonly schema?: string;
  readonly others?: Json;
}

const text = (options: unknown) => JSON.stringify(options);

export function moduleOf(image: string, more: Json = {}, options: unknown = {}): Json {
  return {
    version: '1.0',
    type: 'docker',
    status: 'running',
    restartPolicy: 'always',
    settings: { image, createOptions: typeof options === 'string' ? options : text(options) },
    ...more,
  };
}

const hostPorts = {
  HostConfig: {
    PortBindings: Object.fromEntries(['5671', '8883', '443'].map((port) => [`${port}/tcp`, [{ HostPort: port }]])),
  },
};

export function modulesContent(parts: Parts = {}): Json {
  const {
    version = '1.5',
    modules = {},
    routes = { upstream: 'FROM /messages/* INTO $upstream' },
    schema = '1.1',
  } = parts;
  return {
    $edgeAgent: {
      'properties.desired': {
        schemaVersion: schema,
        runtime: {
          type: 'docker',
          settings: { minDockerVersion: 'v1.25', loggingOptions: '', registryCredentials: parts.logins ?? {} },
        },
        systemModules: {
          edgeAgent: {
            type: 'docker',
            settings: { image: `mcr.microsoft.com/azureiotedge-agent:${version}`, createOptions: '{}' },
          },
          edgeHub: {
            type: 'docker',
            status: 'running',
            restartPolicy: 'always',
            ...(parts.hubEnv && { env: parts.hubEnv }),
            settings: {
              image: `mcr.microsoft.com/azureiotedge-hub:${version}`,
              createOptions: text(parts.hubOptions ?? hostPorts),
            },
          },
        },
        modules,
      },
    },
    $edgeHub: {
      'properties.desired': {
        schemaVersion: schema,
        routes,
        storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        ...parts.hub,
      },
    },
    ...parts.others,
  };
}

const sensor = moduleOf('mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.5');
const login = { address: 'contoso.azurecr.io', username: '$REGISTRY_USER', password: '$REGISTRY_PASSWORD' };
const content = (parts?: Parts) => ({ modulesContent: modulesContent(parts) });

const deployments: Readonly<Record<string, Json>> = {
  'the simulated sensor': content({ modules: { SimulatedTemperatureSensor: sensor } }),
  'the simulated sensor of 1.4, sent by its own route': content({
    version: '1.4',
    modules: { SimulatedTemperatureSensor: sensor },
    routes: { sensorToHub: 'FROM /messages/modules/SimulatedTemperatureSensor/* INTO $upstream' },
  }),
  'the simulated sensor of 1.1': content({ version: '1.1', schema: '1.0', modules: { tempSensor: sensor } }),
  'a sensor and a filter': content({
    logins: { contoso: login },
    modules: {
      sensor: moduleOf('mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.5', {
        env: { MessageCount: { value: '-1' }, ClusterId: { value: 'a' } },
      }),
      filter: moduleOf('contoso.azurecr.io/filter:0.3.1-amd64', {}, { HostConfig: { Memory: 134217728 } }),
    },
    routes: {
      sensorToFilter:
        'FROM /messages/modules/sensor/outputs/temperatureOutput INTO BrokeredEndpoint("/modules/filter/inputs/input1")',
      filterToHub: 'FROM /messages/modules/filter/outputs/output1 INTO $upstream',
    },
    others: { filter: { 'properties.desired': { TemperatureThreshold: 25 } } },
  }),
  'a transparent gateway': content({
    hubEnv: { OptimizeForPerformance: { value: 'false' } },
    routes: { leafToHub: 'FROM /messages/* WHERE NOT IS_DEFINED($connectionModuleId) INTO $upstream' },
  }),
  'a gateway with storage on the host': content({
    hubEnv: { storageFolder: { value: '/iotedge/storage/' } },
    hubOptions: { HostConfig: { ...hostPorts.HostConfig, Binds: ['/srv/edgehub:/iotedge/storage/'] } },
  }),
  'a protocol translator': content({
    logins: { contoso: login },
    modules: {
      modbus: moduleOf(
        'contoso.azurecr.io/modbus:2.0',
        {},
        { HostConfig: { PortBindings: { '502/tcp': [{ HostPort: '502' }] } } },
      ),
    },
    routes: { modbusToHub: 'FROM /messages/modules/modbus/outputs/modbusOutput INTO $upstream' },
    others: {
      modbus: {
        'properties.desired': {
          PublishInterval: '2000',
          SlaveConfigs: {
            Slave01: {
              SlaveConnection: '10.0.0.7',
              HwId: 'PowerMeter',
              Operations: { Op01: { PollingInterval: '1000', UnitId: '1', Count: '1' } },
            },
          },
        },
      },
    },
  }),
  'a database': content({
    modules: {
      AzureSQLEdge: moduleOf(
        'mcr.microsoft.com/azure-sql-edge:1.0.7',
        {
          env: {
            ACCEPT_EULA: { value: 'Y' },
            MSSQL_SA_PASSWORD: { value: '$SQL_PASSWORD' },
            PlanId: { value: 'asde-developer' },
          },
        },
        {
          HostConfig: {
            CapAdd: ['SYS_PTRACE'],
            Binds: ['sqlvolume:/sqlvolume'],
            PortBindings: { '1433/tcp': [{ HostPort: '1433' }] },
            Mounts: [{ Type: 'volume', Source: 'sqlvolume', Target: '/var/opt/mssql' }],
          },
          User: '0:0',
          Env: ['MSSQL_AGENT_ENABLED=TRUE'],
        },
      ),
      sensor,
    },
    routes: {
      toSql:
        'FROM /messages/modules/sensor/outputs/temperatureOutput INTO BrokeredEndpoint("/modules/AzureSQLEdge/inputs/InputStream")',
    },
  }),
  'blob storage': content({
    modules: {
      azureblobstorage: moduleOf(
        'mcr.microsoft.com/azure-blob-storage:1.4.0',
        {},
        {
          Env: ['LOCAL_STORAGE_ACCOUNT_NAME=local', 'LOCAL_STORAGE_ACCOUNT_KEY=$LOCAL_KEY'],
          HostConfig: {
            Binds: ['/srv/containerdata:/blobroot'],
            PortBindings: { '11002/tcp': [{ HostPort: '11002' }] },
          },
        },
      ),
    },
    others: {
      azureblobstorage: {
        'properties.desired': {
          deviceAutoDeleteProperties: { deleteOn: true, deleteAfterMinutes: 5, retainWhileUploading: true },
          deviceToCloudUploadProperties: {
            uploadOn: true,
            uploadOrder: 'NewestFirst',
            cloudStorageConnectionString: '$CLOUD_STORAGE',
            storageContainersForUpload: { cont1: { target: '%h-%d-%m-%c' } },
            deleteAfterUpload: true,
          },
        },
      },
    },
  }),
  'an OPC publisher': content({
    modules: {
      OPCPublisher: moduleOf(
        'mcr.microsoft.com/iotedge/opc-publisher:2.9.12',
        {},
        {
          Hostname: 'opcpublisher',
          Cmd: ['--pf=/appdata/pn.json', '--aa', '--mm=PubSub'],
          HostConfig: { Binds: ['/srv/opc:/appdata'], CapDrop: ['CHOWN', 'SETUID'] },
        },
      ),
    },
    routes: { upstream: 'FROM /messages/modules/OPCPublisher/* INTO $upstream' },
  }),
  'the middle layer of nested devices': content({
    hub: { schemaVersion: '1.1' },
    hubOptions: {
      HostConfig: { PortBindings: { '5671/tcp': [{ HostPort: '5671' }], '8883/tcp': [{ HostPort: '8883' }] } },
    },
    logins: { parent: { address: '$upstream:443', username: 'reader', password: '$PARENT_PASSWORD' } },
    modules: {
      IoTEdgeAPIProxy: moduleOf(
        '$upstream:443/azureiotedge-api-proxy:1.1',
        {
          env: {
            NGINX_DEFAULT_PORT: { value: '443' },
            BLOB_UPLOAD_ROUTE_ADDRESS: { value: 'AzureBlobStorageonIoTEdge:11002' },
          },
        },
        { HostConfig: { PortBindings: { '443/tcp': [{ HostPort: '443' }] } } },
      ),
    },
  }),
  'the top layer of nested devices': content({
    hubOptions: {
      HostConfig: { PortBindings: { '5671/tcp': [{ HostPort: '5671' }], '8883/tcp': [{ HostPort: '8883' }] } },
    },
    modules: {
      registry: moduleOf(
        'docker.io/library/registry:2.8.3',
        { env: { REGISTRY_PROXY_REMOTEURL: { value: 'https://mcr.microsoft.com' } } },
        { HostConfig: { PortBindings: { '5000/tcp': [{ HostPort: '5000' }] } } },
      ),
      IoTEdgeAPIProxy: moduleOf(
        'mcr.microsoft.com/azureiotedge-api-proxy:1.1',
        { env: { NGINX_DEFAULT_PORT: { value: '443' }, DOCKER_REQUEST_ROUTE_ADDRESS: { value: 'registry:5000' } } },
        { HostConfig: { PortBindings: { '443/tcp': [{ HostPort: '443' }] } } },
      ),
    },
  }),
  'a layer with one module': {
    content: {
      modulesContent: {
        $edgeAgent: { 'properties.desired.modules.camera': moduleOf('mcr.microsoft.com/samples/camera:1.2') },
        $edgeHub: { 'properties.desired.routes.camera': 'FROM /messages/modules/camera/* INTO $upstream' },
      },
    },
  },
  'a layer with a login and the twin of a module': {
    id: 'layer-camera',
    priority: 5,
    targetCondition: "tags.camera = 'yes'",
    labels: { team: 'vision' },
    content: {
      modulesContent: {
        $edgeAgent: {
          'properties.desired.runtime.settings.registryCredentials.contoso': login,
          'properties.desired.modules.camera': moduleOf('contoso.azurecr.io/camera:1.2'),
        },
        camera: { 'properties.desired.rate': 15 },
      },
    },
  },
  'a whole configuration': {
    id: 'factory-1',
    schemaVersion: '1.0',
    priority: 10,
    targetCondition: "tags.environment = 'test'",
    labels: {},
    metrics: { queries: { reported: "SELECT deviceId FROM devices.modules WHERE moduleId='$edgeAgent'" }, results: {} },
    content: content({ modules: { sensor } }),
    etag: '*',
  },
  'the bare pair': modulesContent({ modules: { sensor } }),
  'the older form': { moduleContent: modulesContent({ version: '1.1', schema: '1.0', modules: { sensor } }) },
  'createOptions in pieces': content({
    modules: {
      big: moduleOf('mcr.microsoft.com/samples/big:1.0', {
        settings: {
          image: 'mcr.microsoft.com/samples/big:1.0',
          createOptions: '{"HostConfig":{"Binds":["/srv/a:/a"],',
          createOptions01: '"PortBindings":{"80/tcp":[{"HostPort":"80',
          createOptions02: '80"}]}}}',
        },
      }),
    },
  }),
  'routes with priorities': content({
    modules: { alarms: sensor, telemetry: sensor },
    routes: {
      alarms: { route: 'FROM /messages/modules/alarms/outputs/* INTO $upstream', priority: 0, timeToLiveSecs: 86400 },
      telemetry: { route: 'FROM /messages/modules/telemetry/* INTO $upstream', priority: 1 },
      rest: {
        route: "FROM /messages/* WHERE level = 'high' AND NOT is_defined(quiet) INTO $upstream",
        timeToLiveSecs: 60,
      },
    },
  }),
  'conditions of all kinds': content({
    modules: { sensor },
    routes: {
      body: 'FROM /messages/modules/sensor/outputs/temperatureOutput WHERE $body.machine.temperature > 100 INTO $upstream',
      number: 'FROM /messages/* WHERE as_number(temperature) >= 20.5 INTO $upstream',
      text: "SELECT * FROM /messages/modules/sensor WHERE starts_with(kind, 'al') OR kind = 'test' INTO $upstream",
      twin: 'FROM /twinChangeNotifications INTO $upstream',
      content: "FROM /messages/* WHERE $contentType = 'application/json' INTO $upstream",
    },
  }),
  'metrics to Log Analytics': content({
    modules: {
      IoTEdgeMetricsCollector: moduleOf('mcr.microsoft.com/azureiotedge-metrics-collector:1.1', {
        env: {
          ResourceId: { value: '/subscriptions/0/resourceGroups/g/providers/Microsoft.Devices/IotHubs/h' },
          UploadTarget: { value: 'AzureMonitor' },
          LogAnalyticsWorkspaceId: { value: '$WORKSPACE_ID' },
          LogAnalyticsSharedKey: { value: '$WORKSPACE_KEY' },
        },
      }),
    },
  }),
  'start order and pull policy': content({
    modules: {
      first: { ...sensor, startupOrder: 0, imagePullPolicy: 'on-create' },
      last: { ...sensor, startupOrder: 2, imagePullPolicy: 'never', restartPolicy: 'on-unhealthy' },
      later: { ...sensor, status: 'stopped', restartPolicy: 'never' },
    },
  }),
  'a graphics processor': content({
    modules: {
      inference: moduleOf(
        'mcr.microsoft.com/samples/inference:3.1-gpu',
        {},
        {
          HostConfig: {
            Runtime: 'nvidia',
            DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }],
            ShmSize: 268435456,
            LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
          },
          NetworkingConfig: { EndpointsConfig: { host: {} } },
        },
      ),
    },
  }),
  'modules on the network of the host': content({
    hubOptions: { HostConfig: { NetworkMode: 'host' }, NetworkingConfig: { EndpointsConfig: { host: {} } } },
    modules: {
      scanner: moduleOf(
        'mcr.microsoft.com/samples/scanner:1.0',
        {},
        {
          NetworkingConfig: { EndpointsConfig: { host: {} } },
          HostConfig: { NetworkMode: 'host', PortBindings: { '443/tcp': [{ HostPort: '443' }] } },
        },
      ),
    },
  }),
  'one port for two protocols and two addresses': content({
    modules: {
      dns: moduleOf(
        'mcr.microsoft.com/samples/dns:1.0',
        {},
        {
          HostConfig: {
            PortBindings: {
              '53/tcp': [{ HostPort: '53', HostIp: '10.0.0.1' }],
              '53/udp': [{ HostPort: '53', HostIp: '10.0.0.1' }],
            },
          },
        },
      ),
      dns2: moduleOf(
        'mcr.microsoft.com/samples/dns:1.0',
        {},
        { HostConfig: { PortBindings: { '53/tcp': [{ HostPort: '53', HostIp: '10.0.0.2' }] } } },
      ),
    },
  }),
};

/** Templates, whose text is no JSON in part. */
const templates: Readonly<Record<string, string>> = {
  'a template of the IoT Edge tools': `{
  "$schema-template": "4.0.0",
  "modulesContent": {
    "$edgeAgent": {
      "properties.desired": {
        "schemaVersion": "1.1",
        "runtime": {
          "type": "docker",
          "settings": {
            "minDockerVersion": "v1.25",
            "loggingOptions": "",
            "registryCredentials": {
              "contoso": {"username": "$CONTAINER_REGISTRY_USERNAME_contoso", "password": "$CONTAINER_REGISTRY_PASSWORD_contoso", "address": "contoso.azurecr.io"}
            }
          }
        },
        "systemModules": {
          "edgeAgent": {"type": "docker", "settings": {"image": "mcr.microsoft.com/azureiotedge-agent:1.5", "createOptions": {}}},
          "edgeHub": {"type": "docker", "status": "running", "restartPolicy": "always", "settings": {"image": "mcr.microsoft.com/azureiotedge-hub:1.5", "createOptions": {"HostConfig": {"PortBindings": {"5671/tcp": [{"HostPort": "5671"}]}}}}}
        },
        "modules": {
          "analysis": {"version": "1.0", "type": "docker", "status": "running", "restartPolicy": "always", "settings": {"image": "\${MODULES.analysis}", "createOptions": {}}}
        }
      }
    },
    "$edgeHub": {
      "properties.desired": {
        "schemaVersion": "1.1",
        "routes": {"analysisToHub": "FROM /messages/modules/analysis/outputs/* INTO $upstream"},
        "storeAndForwardConfiguration": {"timeToLiveSecs": 7200}
      }
    }
  }
}
`,
  'a template with tokens of a pipeline': JSON.stringify(
    content({
      logins: { acr: { address: '#{ACR_ADDRESS}#', username: '#{ACR_USER}#', password: '#{ACR_PASSWORD}#' } },
      modules: {
        web: moduleOf('#{ACR_ADDRESS}#/web:#{Build.BuildId}#', { env: { LEVEL: { value: '__LogLevel__' } } }),
      },
      routes: { webToHub: 'FROM /messages/modules/web/* INTO $upstream' },
    }),
    null,
    2,
  ),
  'a template with numbers and names to fill in': JSON.stringify(
    content({
      modules: { '<module>': moduleOf('<registry>/<image>:<tag>') },
      routes: { '<route>': 'FROM /messages/modules/<module>/* INTO $upstream' },
    }),
    null,
    2,
  ).replace('"timeToLiveSecs": 7200', '"timeToLiveSecs": ${TTL}'),
};

export const samples: ReadonlyMap<string, string> = new Map([
  ...Object.entries(deployments).map(([name, json]): [string, string] => [name, `${JSON.stringify(json, null, 2)}\n`]),
  ...Object.entries(templates),
]);
