import { describe, expect, it } from 'vitest';
import { renderBundles } from '../../src/bundle/render.ts';
import { deviceOf, identityOf } from './material.ts';

const pems = { primary: 'leaf of primary\nchain\n', secondary: 'leaf of secondary\n' };

describe('rendering bundles', () => {
  it('gives each device its config.yaml and the certificate of the slot it carries', () => {
    const { value } = renderBundles([
      identityOf({ id: 'a' }, pems),
      identityOf({ id: 'b', slot: 'secondary' }, pems),
      identityOf({ id: 'c', slot: 'secondary' }, { primary: pems.primary }),
    ]);
    expect(value.map(({ device, hub, directory, artifact }) => ({ device, hub, directory, artifact }))).toEqual(
      ['a', 'b', 'c'].map((id) => ({
        device: id,
        hub: 'contoso.azure-devices.net',
        directory: id,
        artifact: `iot-edge-${id}`,
      })),
    );
    expect(value.map(({ files }) => files.map(({ name }) => name))).toEqual([
      ['config.yaml', 'identity-certificate.pem'],
      ['config.yaml', 'identity-certificate.pem'],
      ['config.yaml'],
    ]);
    expect(value[0]?.files[1]?.text).toBe(pems.primary);
    expect(value[1]?.files[1]?.text).toBe(pems.secondary);
    expect(value[1]?.files[0]?.text).toContain('# The certificate (secondary)');
  });

  it('leaves out a device with an error and a device without a hub, and no other', () => {
    const { value } = renderBundles([
      identityOf({ id: '7' }),
      identityOf({ id: 'a', hub: null }),
      identityOf({ id: 'b' }),
    ]);
    expect(value.map(({ device }) => device)).toEqual(['b']);
  });

  it('keeps the names of the whole fleet when a part of it is rendered', () => {
    const fleet = [
      deviceOf({ id: 'edge', hub: 'a.azure-devices.net' }),
      deviceOf({ id: 'EDGE', hub: 'a.azure-devices.net' }),
      deviceOf({ id: 'other', hub: 'b.azure-devices.net' }),
    ];
    const part = [identityOf({ id: 'edge', hub: 'a.azure-devices.net' })];
    expect(renderBundles(part, { fleet }).value[0]?.directory).toMatch(/^a\/edge~[0-9a-f]{16}$/);
    expect(renderBundles(part).value[0]?.directory).toBe('edge');
  });

  it('is told a mistake when a device is not of the fleet', () => {
    expect(() => renderBundles([identityOf({ id: 'a' })], { fleet: [deviceOf({ id: 'b' })] })).toThrow(
      'not of the fleet',
    );
  });

  it('renders nothing of nothing', () => {
    expect(renderBundles([])).toEqual({ value: [], findings: [] });
  });
});
