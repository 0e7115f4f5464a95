import type { RuntimeVersion } from '../../model/fleet.ts';
import { anything, listOf, map, mapOf, type Shape, shape, text, truth } from './shape.ts';
import { isAtLeast } from './version.ts';

const texts = listOf(text);
const port = map({ HostPort: text });
const mount = map({ Target: text, Source: text, Type: text, ReadOnly: truth });

/**
 * The fields of `createOptions` that the runtime types (docker-rs/src/models of Azure/iotedge). It converts nothing, and
 * passes all other fields to Docker as they are.
 */
export function createOptionsShape(version: RuntimeVersion): Shape {
  const capabilities = typesCapabilities(version) ? { CapAdd: texts, CapDrop: texts } : {};
  const hosts = isAtLeast(version, '1.2.0') ? { ExtraHosts: texts } : {};
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
      Memory: shape('a whole number', Number.isInteger),
      Binds: texts,
      PortBindings: mapOf(listOf(port)),
      Mounts: listOf(mount),
      Privileged: truth,
      ...capabilities,
      ...hosts,
    }),
    NetworkingConfig: map({ EndpointsConfig: mapOf(map({ NetworkID: text })) }),
  });
}

/** From 1.1.7 on, and again from 1.2.4 on. */
export function typesCapabilities(version: RuntimeVersion): boolean {
  return isAtLeast(version, '1.2.0') ? isAtLeast(version, '1.2.4') : isAtLeast(version, '1.1.7');
}
