import { requireToken } from '../access/bearer.ts';
import { type DeviceProof, isFromDevice, requireDevice, requireEnabled } from '../access/device.ts';
import type { Need } from '../access/rights.ts';
import { requireSignature } from '../access/sas.ts';
import type { Request } from '../wire/answer.ts';
import type { Service } from './call.ts';

/** A call that somebody wants to make. */
interface Wanted {
  readonly request: Request;
  /** Still encoded. */
  readonly path: string;
  readonly need: Need;
  /** The device, if the call is about its module identities. */
  readonly modulesOf: string | undefined;
}

/** Throws `Refused` unless the call comes from somebody who may make it. */
export function authorize({ request, path, need, modulesOf }: Wanted, service: Service): void {
  const { secrets, hosts, clock, registry } = service;
  const now = clock();
  const header = request.header('authorization');
  const token = header?.match(/^Bearer\s+(\S+)$/i)?.[1];
  if (token !== undefined) {
    requireToken(token, { method: request.method, path, need }, { key: secrets.tokens, now });
    return;
  }
  const proof: DeviceProof = { header, certificate: request.certificate?.() };
  const device = modulesOf === undefined ? undefined : registry.find(modulesOf);
  if (modulesOf !== undefined && isFromDevice(proof)) requireDevice(device, proof, { hosts, now });
  else requireSignature(header, { path, right: need.right }, { keys: secrets.policies, hosts, now });
  if (modulesOf !== undefined) requireEnabled(device);
}
