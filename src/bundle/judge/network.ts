import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';

/**
 * Whether the container engine would make the network of the modules with these ranges (ValidateIPAM of Moby); keys in `skip`
 * are not looked at. On Windows they are refused as such.
 */
export function judgeNetwork(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const ranges = device.config.network?.ipam ?? [];
  if (device.runtime.platform === 'windows') return [];
  return ranges.flatMap((range, index) => {
    const key = (name: string) => `config.network.ipam.${index}.${name}`;
    const tell = (name: string, found: string | undefined, expected: string) => {
      const subject = { place: device.place(key(name)), device: device.id, hub: device.hub };
      const quoted = found === undefined ? 'nothing' : JSON.stringify(found);
      return [finding('manifest/type', { key: key(name), expected, found: quoted }, subject)];
    };
    if (['gateway', 'subnet', 'ipRange'].some((name) => skip.has(key(name)))) return [];
    const subnet = blockOf(range.subnet ?? '');
    if (subnet === undefined) return tell('subnet', range.subnet, 'a range such as 172.18.0.0/16');
    const within = `inside of the subnet ${range.subnet}`;
    const findings: Finding[] = [];
    if (range.ipRange !== undefined) {
      const block = blockOf(range.ipRange);
      if (block === undefined) findings.push(...tell('ipRange', range.ipRange, 'a range such as 172.18.1.0/24'));
      else if (block.prefix < subnet.prefix || !holds(subnet, block))
        findings.push(...tell('ipRange', range.ipRange, `a range ${within}`));
    }
    if (range.gateway !== undefined) {
      const address = addressOf(range.gateway);
      if (address === undefined) findings.push(...tell('gateway', range.gateway, 'an address such as 172.18.0.1'));
      else if (!holds(subnet, address)) findings.push(...tell('gateway', range.gateway, `an address ${within}`));
    }
    return findings;
  });
}

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

type Block = Address & { readonly prefix: number };

/** `172.18.0.0/16`; none where bits behind the prefix are set, which engines take for a mistake. */
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
  // Loaded where there is a range to be judged: it takes longer than all the other checks.
  const { isIPv4, isIPv6 } = process.getBuiltinModule('node:net');
  if (isIPv4(text)) return { bits: 32, value: number(text.split('.'), 10, 8n) };
  // With a zone it is an address of one machine.
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // As `URL` writes it: no dots, and at most one gap.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const gap = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => '0');
  return { bits: 128, value: number([...(before ?? []), ...gap, ...(after ?? [])], 16, 16n) };
}

function number(parts: readonly string[], base: 10 | 16, width: bigint): bigint {
  return parts.reduce((all, part) => (all << width) | BigInt(Number.parseInt(part, base)), 0n);
}
