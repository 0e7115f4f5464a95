import type { Finding } from '../../model/finding.ts';
import type { ContainerNetwork, Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import type { WrongSetting } from '../../rules/setting-value.ts';

/**
 * Checks that the container engine would make the network of the modules with these ranges (ValidateIPAM of Moby). Keys
 * in `skip` are not looked at. On Windows the ranges are refused as such.
 */
export function judgeNetwork(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const ranges = device.config.network?.ipam ?? [];
  if (device.runtime.platform === 'windows') return [];
  return ranges.flatMap((range, index) => {
    const key = (name: string) => `config.network.ipam.${index}.${name}`;
    if (['gateway', 'subnet', 'ipRange'].some((name) => skip.has(key(name)))) return [];
    return problemsOf(range, key).map((wrong) =>
      finding('manifest/type', wrong, { place: device.place(wrong.key), device: device.id, hub: device.hub }),
    );
  });
}

type Range = ContainerNetwork['ipam'][number];

function problemsOf(
  { subnet: written, ipRange, gateway }: Range,
  key: (name: string) => string,
): readonly WrongSetting[] {
  const subnet = blockOf(written ?? '');
  if (written === undefined || subnet === undefined)
    return [{ problem: 'no-subnet', key: key('subnet'), found: written }];
  const problems: WrongSetting[] = [];
  if (ipRange !== undefined) {
    const block = blockOf(ipRange);
    const at = { key: key('ipRange'), found: ipRange };
    if (block === undefined) problems.push({ problem: 'no-range', ...at });
    else if (block.prefix < subnet.prefix || !holds(subnet, block))
      problems.push({ problem: 'range-outside', ...at, subnet: written });
  }
  if (gateway !== undefined) {
    const address = addressOf(gateway);
    const at = { key: key('gateway'), found: gateway };
    if (address === undefined) problems.push({ problem: 'no-address', ...at });
    else if (!holds(subnet, address)) problems.push({ problem: 'address-outside', ...at, subnet: written });
  }
  return problems;
}

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

type Block = Address & { readonly prefix: number };

/** Reads `172.18.0.0/16`. Bits behind the prefix must not be set: container engines refuse that. */
function blockOf(text: string): Block | undefined {
  const [, written = '', length = ''] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = addressOf(written);
  const prefix = Number(length);
  if (address === undefined || prefix > address.bits) return undefined;
  const rest = BigInt(address.bits - prefix);
  return (address.value >> rest) << rest === address.value ? { ...address, prefix } : undefined;
}

function holds({ bits, value, prefix }: Block, inner: Address): boolean {
  const rest = BigInt(bits - prefix);
  return bits === inner.bits && value >> rest === inner.value >> rest;
}

function addressOf(text: string): Address | undefined {
  // Loaded only if there is a range to check, since loading takes longer than all the other checks.
  const { isIPv4, isIPv6 } = process.getBuiltinModule('node:net');
  if (isIPv4(text)) return { bits: 32, value: number(text.split('.'), 10, 8n) };
  // An address with a zone holds on one machine only.
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // `URL` writes it without dots and with at most one gap.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const gap = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => '0');
  return { bits: 128, value: number([...(before ?? []), ...gap, ...(after ?? [])], 16, 16n) };
}

function number(parts: readonly string[], base: 10 | 16, width: bigint): bigint {
  return parts.reduce((all, part) => (all << width) | BigInt(Number.parseInt(part, base)), 0n);
}
