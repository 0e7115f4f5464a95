import { describe, expect, it } from 'vitest';
import { judgeParentHostnames, withParentHostnames } from '../../../src/bundle/config/parent.ts';
import { renderBundles } from '../../../src/bundle/render.ts';
import type { Device } from '../../../src/model/fleet.ts';
import { at, told } from '../../support/finding.ts';
import { columnOf, deviceOf, identityOf, now } from '../material.ts';

function hostnames(...devices: readonly Device[]) {
  return withParentHostnames(devices, devices).map(({ config }) => config.parentHostname);
}

describe('the host name of the parent', () => {
  const gateway = deviceOf({ id: 'Gateway-01', version: '1.5', line: 3 });
  const named = deviceOf({ id: 'named', version: '1.5', hostname: 'gw.plant.example' });
  const child = (parent: string, more = {}) => deviceOf({ id: 'edge-001', version: '1.5', parent, ...more });

  it('is that of its configuration', () => {
    expect(hostnames(named, child('named'))).toEqual([undefined, 'gw.plant.example']);
    expect(judgeParentHostnames([child('named')], [named, child('named')])).toEqual([]);
  });

  it('is known to nobody where neither of the two says it: a fault, with the lines of both', () => {
    const device = child('Gateway-01', { line: 7 });
    expect(hostnames(gateway, device)).toEqual([undefined, undefined]);
    const details = { parent: 'Gateway-01', declaredAt: 'devices.yaml:3' };
    expect(judgeParentHostnames([device], [gateway, device])).toEqual([
      {
        ...told('config/no-parent-hostname', details),
        place: at('devices.yaml', 7, columnOf('parent')),
        device: 'edge-001',
        hub: 'contoso.azure-devices.net',
      },
    ]);
  });

  it('is as the manifest says where it does', () => {
    const device = child('named');
    const own = { ...device, config: { ...device.config, parentHostname: 'via.example' } };
    expect(hostnames(named, own)).toEqual([undefined, 'via.example']);
    expect(judgeParentHostnames([own], [{ ...named, config: gateway.config }, own])).toEqual([]);
  });

  it.each<[string, Device]>([
    ['no parent', deviceOf({ id: 'edge-001', version: '1.5' })],
    ['the parent taken away', child('')],
    ['a parent that is not there', child('nobody')],
    ['a parent of another hub', child('named', { hub: 'other.azure-devices.net' })],
    ['a runtime without parents', child('named', { version: '1.1' })],
  ])('is none: %s', (_, device) => {
    expect(hostnames(named, device)).toEqual([undefined, undefined]);
    expect(judgeParentHostnames([device], [{ ...named, config: gateway.config }, device])).toEqual([]);
  });

  it('stands in config.toml', async () => {
    const [, device] = withParentHostnames([named, child('named')], [named, child('named')]);
    const { value } = await renderBundles([{ ...identityOf(), device: device! }], { now });
    expect(value[0]?.files.find(({ name }) => name === 'config.toml')?.text).toContain(
      'parent_hostname = "gw.plant.example"',
    );
  });
});
