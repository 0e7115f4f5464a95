import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { describeNeeding } from '../support/needing.ts';
import { pythonWithSdk, runPython } from '../support/python.ts';

const python = pythonWithSdk();

/** As the script sends them. */
const [primary, secondary, other] = ['1F'.repeat(20), '2E'.repeat(20), '3D'.repeat(20)];

describeNeeding(['python3 with venv, azure-iot-hub of PyPI'], 'the Python service SDK', () => {
  let hub: EmbeddedHub;
  /** What the SDK made of the answers, in its own names. */
  let told: ReturnType<typeof JSON.parse>;

  beforeAll(async () => {
    hub = await startHub();
    const env = {
      HUB: hub.connectionString,
      HOST: hub.host,
      TOKEN: hub.mintToken(),
      TOKEN_WITHOUT_TWINS: hub.mintToken({ roles: ['IoT Hub Registry Contributor'] }),
      REQUESTS_CA_BUNDLE: hub.caFile,
    };
    told = JSON.parse(await runPython(python!, join(import.meta.dirname, 'fixtures/registry.py'), env));
  });
  afterAll(() => hub.close());

  it('creates a device by two thumbprints, and reads the same', () => {
    expect(told.created).toMatchObject({
      device_id: 'edge-1',
      status: 'enabled',
      authentication: {
        type: 'selfSigned',
        x509_thumbprint: { primary_thumbprint: primary, secondary_thumbprint: secondary },
      },
      capabilities: { iot_edge: true },
      device_scope: `ms-azure-iot-edge://edge-1-${told.created.generation_id}`,
    });
    expect(told.got).toEqual(told.created);
    expect([told['created again'], told['not there']]).toEqual([409, 404]);
  });

  it('updates it by its etag or whatever is there', () => {
    expect(told.updated).toMatchObject({
      status: 'disabled',
      status_reason: 'in repair',
      generation_id: told.created.generation_id,
      device_scope: told.created.device_scope,
      authentication: { x509_thumbprint: { primary_thumbprint: other, secondary_thumbprint: secondary } },
    });
    expect(told.updated.etag).not.toBe(told.created.etag);
    expect(told['updated by the old etag']).toBe(412);
    expect(told['updated whatever is there']).toMatchObject({ status: 'enabled' });
  });

  it('creates a leaf device with keys below it', () => {
    expect(told.leaf).toMatchObject({
      authentication: { type: 'sas', symmetric_key: { primary_key: 'a2V5'.repeat(8) } },
      capabilities: { iot_edge: false },
      device_scope: told.created.device_scope,
      parent_scopes: [told.created.device_scope],
    });
  });

  it('writes in bulk, and learns what was refused of it', () => {
    expect(told.bulk).toEqual({ is_successful: true, errors: [], warnings: [] });
    expect(told['bulk in part']).toMatchObject({
      is_successful: false,
      errors: [{ device_id: 'bulk-0', error_code: '409001' }],
    });
    expect(told['bulk by etags'].errors).toMatchObject([{ device_id: 'bulk-2', error_code: '412001' }]);
    const bulk = ['bulk-0', 'bulk-1', 'bulk-2', 'bulk-3', 'bulk-4', 'bulk-5'];
    expect(told.devices).toEqual([...bulk, 'edge-1', 'leaf-1']);
    expect(told['two devices']).toBe(2);
    expect(hub.registry.all().map((device) => device.deviceId)).toEqual(['leaf-1', ...bulk]);
  });

  it('writes tags in bulk', () => {
    expect(told['bulk of twins']).toMatchObject({ is_successful: true });
    expect(told.tagged).toEqual({ site: 'bonn' });
  });

  it('counts', () => {
    const all = { total_device_count: 8, enabled_device_count: 8, disabled_device_count: 0 };
    expect(told.statistics).toEqual(all);
    expect(told['service statistics']).toEqual({ connected_device_count: 0 });
  });

  it('queries page by page', () => {
    expect(told.queried).toMatchObject({ pages: 3, type: 'Twin' });
    expect(told.queried.ids.toSorted()).toEqual(told.devices.filter((id: string) => id !== 'leaf-1'));
  });

  it('reads, patches and replaces a twin', () => {
    expect(told.twin).toMatchObject({
      device_id: 'edge-1',
      device_etag: told['updated whatever is there'].etag,
      authentication_type: 'selfSigned',
      properties: { desired: { $version: 1 }, reported: { $version: 1 } },
    });
    expect(told.patched).toMatchObject({
      tags: { site: 'berlin' },
      properties: { desired: { interval: 5, $version: 2 } },
      version: told.twin.version + 1,
    });
    expect(told['patched by the old etag']).toBe(412);
    expect(told.replaced.tags).toEqual({ line: '4' });
    expect(told.replaced.properties.desired).toMatchObject({ limit: 7, $version: 3 });
    expect(told.replaced.properties.desired).not.toHaveProperty('interval');
  });

  it('creates, updates and deletes a module beside those of the runtime', () => {
    expect(told.modules).toEqual(['$edgeAgent', '$edgeHub']);
    expect(told.module).toMatchObject({ module_id: 'filter', device_id: 'edge-1', managed_by: 'us' });
    expect(told['module updated']).toMatchObject({
      managed_by: 'them',
      authentication: { type: 'selfSigned', x509_thumbprint: { primary_thumbprint: primary } },
    });
    expect(told['module twin'].properties.desired).toMatchObject({ on: true, $version: 2 });
    expect(told['module twin replaced'].properties.desired).toMatchObject({ off: true, $version: 3 });
    expect(told['module twin replaced'].properties.desired).not.toHaveProperty('on');
    expect(told['module twin again']).toEqual(told['module twin replaced']);
    expect(told['modules left']).toBe(2);
  });

  it('signs in with a bearer token, and may do what its role may', () => {
    expect(told.bearer).toEqual({ id: 'edge-1', twin: 'edge-1' });
    expect(told['bearer scopes']).toEqual(['https://iothubs.azure.net/.default']);
    expect(told['bearer without twins']).toEqual(['edge-1', 401]);
  });

  it('deletes a device by its etag or whatever is there', () => {
    expect([told['deleted by the old etag'], told.deleted]).toEqual([412, 404]);
  });
});
