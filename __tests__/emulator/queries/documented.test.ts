import { describe, expect, it } from 'vitest';
import { selectionOf } from '../../../src/emulator/configurations/target-condition.ts';
import { reportFor } from '../../../src/emulator/devices/report.ts';
import { queryPage } from '../../../src/emulator/queries/query-page.ts';
import { patchedTwin, wantedTwin } from '../../../src/emulator/twins/twin-state.ts';
import { edgeBody, refusal, start, testRegistry, wanted } from '../devices/identities.ts';

/** Devices like those of Microsoft's articles. */
const devices: readonly [
  id: string,
  edge: boolean,
  tags: object,
  desired: object,
  reported: Record<string, unknown>,
][] = [
  [
    'linuxprod1',
    true,
    { environment: 'prod', location: 'westus', operator: 'John', building: 9 },
    {},
    { devicemodel: '4000x', connectivity: 'wifi', lastDesiredStatus: { code: 200 } },
  ],
  [
    'linuxprod2',
    true,
    { environment: 'prod', location: 'eastus', operator: 'John', building: 10 },
    { telemetryConfig: { configId: 'db00', sendFrequencyInSecs: 300 } },
    {
      devicemodel: '3000x',
      connectivity: 'wired',
      telemetryConfig: { configId: 'db00', sendFrequencyInSecs: 300, status: 'Success' },
    },
  ],
  [
    "operator'sDevice",
    false,
    { environment: 'test', location: { region: 'US', plant: 'Redmond43' }, building: 9 },
    { telemetryConfig: { configId: 'db01' } },
    {
      connectivity: { type: 'cellular' },
      telemetryConfig: { configId: 'db00', sendFrequencyInSecs: 60, status: 'Pending' },
      chillerProperties: { model: '4000x' },
      chillerWaterSettings: { status: 'pending' },
    },
  ],
  [
    'myDeviceId',
    false,
    { location: { region: 'US' }, beta: true, floors: [1, 2], none: '', 'odd-name': 1 },
    {},
    { telemetryConfig: { sendFrequencyInSecs: 30, status: 'Success' }, load: 16 },
  ],
];

const registry = testRegistry();
for (const [deviceId, edge, tags, desired, reported] of devices) {
  registry.create(wanted(edge ? edgeBody(deviceId) : { deviceId }));
  registry.amend(deviceId, { twin: patchedTwin(undefined, wantedTwin({ tags, properties: { desired } }), start) });
  reportFor(registry, deviceId, undefined, reported);
}
reportFor(registry, 'linuxprod1', '$edgeAgent', { status: 'scanning' });
registry.deploy({ ...registry.get('linuxprod2'), configurations: { 'my.config-1': { status: 'Applied' } } }, false);

/** The first letters of devices and their numbers, to keep the table readable. */
const short: Readonly<Record<string, string>> = {
  linuxprod1: 'l1',
  linuxprod2: 'l2',
  "operator'sDevice": 'op',
  myDeviceId: 'my',
};

function rows(text: string) {
  return queryPage(registry.visible(), text, 1000, undefined).rows;
}

function found(where: string): string {
  return rows(`SELECT deviceId FROM devices WHERE ${where}`)
    .map((row) => short[String(Object.values(row)[0])])
    .join(' ');
}

function targeted(condition: string): string {
  const selection = selectionOf(condition, 'deviceContent');
  if (selection.of !== 'devices') return selection.of;
  return [...registry.all()]
    .filter(selection.meets)
    .map(({ deviceId }) => short[deviceId])
    .join(' ');
}

describe('conditions that Microsoft documents, for queries and for targets', () => {
  it.each([
    // https://learn.microsoft.com/azure/iot-edge/module-deployment-monitoring#target-condition
    ["deviceId ='linuxprod1'", 'l1'],
    ["tags.environment ='prod'", 'l1 l2'],
    ["tags.environment = 'prod' AND tags.location = 'westus'", 'l1'],
    ["tags.environment = 'prod' OR tags.location = 'westus'", 'l1 l2'],
    ["tags.operator = 'John' AND tags.environment = 'prod' AND NOT deviceId = 'linuxprod1'", 'l2'],
    ["properties.reported.devicemodel = '4000x'", 'l1'],
    ["deviceId='operator''sDevice'", 'op'],
    // https://learn.microsoft.com/azure/iot-hub/iot-hub-automatic-device-management
    ["tags.environment='test'", 'op'],
    ["properties.reported.chillerProperties.model='4000x'", 'op'],
    ["properties.reported.chillerWaterSettings.status='pending'", 'op'],
    // https://learn.microsoft.com/cli/azure/iot/edge/deployment
    ["tags.building=9 and tags.environment='test'", 'op'],
    ["tags.environment='dev'", ''],
    ['tags.building=9', 'l1 op'],
    // https://github.com/Azure/iotedge/issues/5023
    ["deviceId!=''", 'l1 l2 op my'],
    // https://learn.microsoft.com/azure/iot-hub/query-twins
    ["tags.location.region = 'US'", 'op my'],
    ["tags.location.region = 'US' AND properties.reported.telemetryConfig.sendFrequencyInSecs >= 60", 'op'],
    ["properties.reported.connectivity IN ['wired', 'wifi']", 'l1 l2'],
    ["properties.reported.connectivity NIN ['wired']", 'l1'],
    ['is_defined(properties.reported.connectivity)', 'l1 l2 op'],
    ["properties.reported.telemetryConfig.status = 'Success'", 'l2 my'],
    ["deviceId IN ['myDeviceId', 'device2']", 'my'],
    ['properties.reported.lastDesiredStatus.code = 200', 'l1'],
    // Samples of Microsoft's SDK for C#, and the Azure CLI.
    ["STARTSWITH(deviceId, 'linux')", 'l1 l2'],
    ["startswith(tags.location, 'west') = true", 'l1'],
    ['array_contains(tags.floors, 2)', 'my'],
    // https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language#operators, #expressions-and-conditions
    ["tags.location.region <> 'EU'", 'op my'],
    ['tags.building < 10', 'l1 op'],
    ['tags.building <= 9 OR tags.building > 9', 'l1 l2 op'],
    ['tags.building >= 0x0A', 'l2'],
    ["deviceId = '\\u006dyDeviceId'", 'my'],
    ["(tags.building = 9 OR tags.building = 10) AND NOT (tags.environment = 'test')", 'l1 l2'],
    ['tags.building = 4 + 5', 'l1 op'],
    ['tags.building * 2 - 2 = 16 AND tags.building / 3 = 3 AND tags.building % 2 = 1', 'l1 op'],
    ['tags.beta = true', 'my'],
    ['tags.none = null', ''],
    ['tags.absent = undefined', ''],
    // https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language#functions
    ['IS_ARRAY(tags.floors)', 'my'],
    ['IS_BOOL(tags.beta)', 'my'],
    ['IS_NULL(tags.beta)', ''],
    ['IS_NUMBER(tags.building)', 'l1 l2 op'],
    ['IS_OBJECT(tags.location)', 'op my'],
    ['IS_PRIMITIVE(tags.location)', 'l1 l2'],
    ['IS_STRING(tags.location)', 'l1 l2'],
    ['NOT IS_DEFINED(tags.environment)', 'my'],
    // Assumed: what the documentation does not show.
    ["'prod' = tags.environment", 'l1 l2'],
    ['tags.beta', 'my'],
    ['NOT tags.beta', ''],
    ["ENDSWITH(deviceId, 'prod2') OR CONTAINS(deviceId, 'Dev')", 'l2 op my'],
    ["NOT STARTSWITH(tags.location, 'west')", 'l2'],
    ['tags.building = -9 OR -10 < tags.building', 'l1 l2 op'],
    ["tags.environment = 'prod' OR tags.building = 9 AND tags.environment = 'dev'", 'l1 l2'],
    ['tags.[[odd-name]] = 1 AND tags.odd-name = 1', 'my'],
    ["TAGS.environment = 'prod' AND DEVICEID = 'linuxprod1'", 'l1'],
    ["tags.Environment = 'prod'", ''],
  ])('%s', (condition, expected) => {
    expect(found(condition)).toBe(expected);
    expect(targeted(condition)).toBe(expected);
  });

  it.each([
    ["status = 'enabled' AND connectionState = 'Disconnected'", 'l1 l2 op my'],
    ['properties.desired.telemetryConfig.configId = properties.reported.telemetryConfig.configId', 'l2'],
    ['capabilities.iotEdge = true', 'l1 l2'],
    ['NOT capabilities.iotEdge', 'op my'],
    ["configurations.[[my.config-1]].status='Applied'", 'l2'],
  ])('of queries alone: %s', (condition, expected) => {
    expect(found(condition)).toBe(expected);
    expect(refusal(() => targeted(condition))).toMatch(/^InvalidConfigurationTargetCondition: /);
  });

  it.each([
    // Documented: double quotes are not allowed, and tags, reported properties and deviceId alone.
    'deviceId = "linuxprod1"',
    'properties.desired.x = 1',
    'properties.reported.x = properties.desired.x',
    "moduleId = 'm'",
    'SELECT * FROM devices',
    "FROM devices WHERE deviceId = 'a'",
    "FROM devices.modules WHERE moduleId = 'a'",
    "WHERE deviceId = 'a'",
    // An early form of the documentation lacked the AND; later ones have it.
    "tags.environment = 'prod' NOT deviceId = 'linuxprod1'",
    "tags.environment == 'prod'",
    "tags.environment LIKE 'pro%'",
    "tags.environment = 'prod",
    "tags.a IN ('b')",
    'LOWER(tags.environment) = 1',
  ])('no target condition: %s', (condition) => {
    expect(refusal(() => targeted(condition))).toMatch(/^InvalidConfigurationTargetCondition: /);
  });

  it('targets every device by *, and none by an empty condition', () => {
    expect([targeted('*'), targeted(' ')]).toEqual(['l1 l2 op my', 'nothing']);
  });

  it.each([
    ['from devices.modules where tags.building=9', ''],
    ["FROM devices.modules WHERE moduleId = '$edgeAgent'", '2'],
    ["FROM devices.modules WHERE properties.reported.status = 'scanning'", '1'],
    ['FROM devices.modules', '4'],
  ])('for modules: %s', (condition, count) => {
    const selection = selectionOf(condition, 'moduleContent');
    if (selection.of !== 'modules') expect.fail();
    expect(rows(`SELECT moduleId ${condition}`)).toHaveLength(Number(count));
  });
});

describe('queries that Microsoft documents', () => {
  it.each<[string, object[]]>([
    // https://learn.microsoft.com/azure/iot-hub/query-twins
    ['SELECT COUNT() as totalNumberOfDevices FROM devices', [{ totalNumberOfDevices: 4 }]],
    [
      `SELECT properties.reported.telemetryConfig.status AS status,
         COUNT() AS numberOfDevices
       FROM devices
       GROUP BY properties.reported.telemetryConfig.status`,
      [{ numberOfDevices: 1 }, { status: 'Success', numberOfDevices: 2 }, { status: 'Pending', numberOfDevices: 1 }],
    ],
    [
      "SELECT DeviceId, LastActivityTime FROM devices WHERE status = 'enabled' AND tags.beta",
      [{ deviceId: 'myDeviceId', lastActivityTime: '0001-01-01T00:00:00Z' }],
    ],
    [
      "SELECT * FROM devices.modules WHERE properties.reported.status = 'scanning' AND deviceId IN ['linuxprod1', 'device2']",
      [expect.objectContaining({ deviceId: 'linuxprod1', moduleId: '$edgeAgent' })],
    ],
    // https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language#select-clause
    ['SELECT COUNT() as TotalNumber FROM devices WHERE IS_DEFINED(tags.building)', [{ TotalNumber: 3 }]],
    [
      'SELECT AVG(tags.building) AS a, SUM(tags.building) AS s, MIN(tags.building) AS l, MAX(tags.building) AS m FROM devices',
      [{ a: 28 / 3, s: 28, l: 9, m: 10 }],
    ],
    ['SELECT TOP 2 deviceId AS id FROM devices', [{ id: 'linuxprod1' }, { id: 'linuxprod2' }]],
    // Assumed: two columns, numbers of nothing, a bare aggregate.
    [
      "SELECT tags.environment, tags.building, COUNT() FROM devices WHERE tags.operator = 'John' GROUP BY tags.environment, tags.building",
      [
        { environment: 'prod', building: 9, count: 1 },
        { environment: 'prod', building: 10, count: 1 },
      ],
    ],
    [
      "SELECT AVG(tags.building) AS a, SUM(tags.building) AS s, COUNT() AS n FROM devices WHERE deviceId = 'x'",
      [{ s: 0, n: 0 }],
    ],
    ["SELECT COUNT() AS n FROM devices.modules WHERE moduleId = '$edgeHub'", [{ n: 2 }]],
  ])('%s', (text, expected) => {
    expect(rows(text)).toEqual(expected);
  });

  it.each([
    ['SELECT moduleId FROM devices.modules', ['$edgeAgent', '$edgeHub', '$edgeAgent', '$edgeHub']],
    ['SELECT TOP 3 moduleId FROM devices.modules', ['$edgeAgent', '$edgeHub', '$edgeAgent']],
    ['SELECT TOP 2 deviceId FROM devices', ['linuxprod1', 'linuxprod2']],
    ['SELECT tags.environment, COUNT() AS n FROM devices GROUP BY tags.environment', ['prod', 'test', 1]],
  ])('come in pages of one row: %s', (text, expected) => {
    const seen: unknown[] = [];
    let token: string | undefined;
    do {
      const page = queryPage(registry.visible(), text, 1, token);
      expect(page.rows.length).toBeLessThanOrEqual(1);
      seen.push(...page.rows.map((row) => Object.values(row)[0]));
      token = page.continuation;
    } while (token !== undefined);
    expect(seen).toEqual(expected);
  });
});
