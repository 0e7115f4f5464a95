import type { RuntimeVersion } from '../../model/fleet.ts';
import { anything, listOf, map, mapOf, type Shape, type Shapes, shape, text, truth } from './shape.ts';
import { isAtLeast } from './version.ts';

const texts = listOf(text);
const port = map({ HostPort: text });
const mount = map({ Target: text, Source: text, Type: text, ReadOnly: truth });

const capabilities: Shapes = { CapAdd: texts, CapDrop: texts };
const hosts: Shapes = { ExtraHosts: texts };

/** @param more the fields of HostConfig that not every version types */
function shapeWith(more: Shapes): Shape {
  return map({
    Hostname: text,
    Env: texts,
    Cmd: texts,
    Image: text,
    Volumes: mapOf(anything),
    Entrypoint: texts,
    Labels: mapOf(text),
    HostConfig: map({
      // 64 bits. A number that JavaScript does not hold exactly is refused as such.
      Memory: shape('a whole number', (value) => typeof value === 'bigint' || Number.isInteger(value)),
      Binds: texts,
      PortBindings: mapOf(listOf(port)),
      Mounts: listOf(mount),
      Privileged: truth,
      ...more,
    }),
    NetworkingConfig: map({ EndpointsConfig: mapOf(map({ NetworkID: text })) }),
  });
}

/** Made once: a fleet has many devices. */
const shapes = {
  '1.0': shapeWith({}),
  '1.1': shapeWith(capabilities),
  '1.2.0': shapeWith(hosts),
  '1.2': shapeWith({ ...capabilities, ...hosts }),
} as const;

/**
 * The fields of `createOptions` that the runtime types (docker-rs/src/models of Azure/iotedge). It converts nothing, and
 * passes all other fields to Docker as they are.
 */
export function createOptionsShape(version: RuntimeVersion): Shape {
  const typed = typesCapabilities(version);
  if (isAtLeast(version, '1.2.0')) return shapes[typed ? '1.2' : '1.2.0'];
  return shapes[typed ? '1.1' : '1.0'];
}

/** From 1.1.7 on, and again from 1.2.4 on. */
export function typesCapabilities(version: RuntimeVersion): boolean {
  return isAtLeast(version, '1.2.0') ? isAtLeast(version, '1.2.4') : isAtLeast(version, '1.1.7');
}
