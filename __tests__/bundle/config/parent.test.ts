import { describe, expect, it } from 'vitest';
import { withParentHostnames } from '../../../src/bundle/config/parent.ts';
import { renderBundles } from '../../../src/bundle/render.ts';
import type { Device } from '../../../src/model/fleet.ts';
import { deviceOf, identityOf, now } from '../material.ts';

function hostnames(...devices: readonly Device[]) {
  return withParentHostnames(devices, devices).map(({ config }) => config.parentHostname);
}

describe('the host name of the parent', () => {
  const gateway = deviceOf({ id: 'Gateway-01', version: '1.5' });
  const named = deviceOf({ id: 'named', version: '1.5', hostname: 'gw.plant.example' });
  const child = (parent: string, more = {}) => deviceOf({ id: 'edge-001', version: '1.5', parent, ...more });

  it('is that of its configuration, else its id in lower case', () => {
    expect(hostnames(named, child('named'))).toEqual([undefined, 'gw.plant.example']);
    expect(hostnames(gateway, child('Gateway-01'))).toEqual([undefined, 'gateway-01']);
  });

  it('is as the manifest says where it does', () => {
    const device = child('named');
    const own = { ...device, config: { ...device.config, parentHostname: 'via.example' } };
    expect(hostnames(named, own)).toEqual([undefined, 'via.example']);
  });

  it.each<[string, Device]>([
    ['no parent', deviceOf({ id: 'edge-001', version: '1.5' })],
    ['the parent taken away', child('')],
    ['a parent that is not there', child('nobody')],
    ['a parent of another hub', child('named', { hub: 'other.azure-devices.net' })],
    ['a runtime without parents', child('named', { version: '1.1' })],
  ])('is none: %s', (_, device) => {
    expect(hostnames(named, device)).toEqual([undefined, undefined]);
  });

  it('stands in config.toml', async () => {
    const [, device] = withParentHostnames([named, child('named')], [named, child('named')]);
    const { value } = await renderBundles([{ ...identityOf(), device: device! }], { now });
    expect(value[0]?.files.find(({ name }) => name === 'config.toml')?.text).toContain(
      'parent_hostname = "gw.plant.example"',
    );
  });
});
