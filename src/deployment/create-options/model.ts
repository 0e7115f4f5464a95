import {
  anything,
  type Field,
  listOf,
  mapOf,
  type ObjectShape,
  object,
  type Shape,
  text,
  truth,
  whole,
} from '../reading/shape.ts';
import type { Runtime } from '../runtime.ts';

/**
 * The classes of edge-agent/src/Microsoft.Azure.Devices.Edge.Agent.Docker/models, which type some of what Docker takes. All others keys
 * are kept as they are (JsonExtensionData). The same in all versions, but for the words of RestartPolicyKind.cs.
 */
export function createOptionsModel({ restartWords }: Runtime): ObjectShape {
  return models[restartWords];
}

const texts = listOf(text);
const long = whole('int64');
const open = { open: true } as const;
const maybeLong: Shape = { kind: 'whole', type: 'int64', nullable: true };
const maybeTruth: Shape = { kind: 'truth', nullable: true };
const throttle = listOf(object({ Path: text, Rate: whole('uint64') }, open));
const hidden: Field = { shape: anything, hidden: true };

const restartNames = [
  ['', 'Undefined'],
  ['no', 'No'],
  ['always', 'Always'],
  ['on-failure', 'OnFailure'],
  ['unless-stopped', 'UnlessStopped'],
] as const;

const restartKinds: Readonly<Record<Runtime['restartWords'], Shape>> = {
  docker: {
    kind: 'word',
    words: { words: restartNames.map((names, number) => ({ number, names })), converter: 'string', defined: false },
  },
  source: {
    kind: 'word',
    words: {
      words: restartNames.map(([, name], number) => ({ number, names: [name, name] })),
      converter: 'plain',
      defined: false,
      heldAsNumber: true,
    },
  },
};

function hostConfig(restartKind: Shape): ObjectShape {
  return object(
    {
      Binds: texts,
      LogConfig: object({ Config: mapOf(text), Type: text }, open),
      Mounts: listOf(object({ ReadOnly: truth, Source: text, Target: text, Type: text }, open)),
      NetworkMode: text,
      IpcMode: text,
      PortBindings: mapOf(listOf(object({ HostIP: text, HostPort: text }, open))),
      Privileged: truth,
      CpuRealtimePeriod: long,
      CpuQuota: long,
      CpuPeriod: long,
      BlkioDeviceWriteIOps: throttle,
      BlkioDeviceReadIOps: throttle,
      BlkioDeviceWriteBps: throttle,
      BlkioDeviceReadBps: throttle,
      BlkioWeightDevice: listOf(object({ Path: text, Weight: whole('uint16') }, open)),
      BlkioWeight: whole('uint16'),
      CgroupParent: text,
      NanoCpus: long,
      Memory: long,
      CpuShares: long,
      CpuRealtimeRuntime: long,
      CpusetCpus: text,
      CpusetMems: text,
      Devices: listOf(object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text }, open)),
      DiskQuota: long,
      KernelMemory: long,
      MemoryReservation: long,
      MemorySwap: long,
      MemorySwappiness: maybeLong,
      OomKillDisable: maybeTruth,
      PidsLimit: maybeLong,
      Ulimits: listOf(object({ Name: text, Hard: long, Soft: long }, open)),
      CpuCount: long,
      CpuPercent: long,
      IOMaximumIOps: whole('uint64'),
      IOMaximumBandwidth: whole('uint64'),
      Isolation: text,
      ConsoleSize: listOf(whole('uint64')),
      Runtime: text,
      Sysctls: mapOf(text),
      ContainerIDFile: text,
      RestartPolicy: object({ Name: restartKind, MaximumRetryCount: long }, open),
      AutoRemove: truth,
      VolumeDriver: text,
      VolumesFrom: texts,
      CapAdd: texts,
      CapDrop: texts,
      Dns: texts,
      DnsOptions: texts,
      DnsSearch: texts,
      Init: maybeTruth,
      ExtraHosts: texts,
      Cgroup: text,
      Links: texts,
      OomScoreAdj: long,
      PidMode: text,
      PublishAllPorts: truth,
      ReadonlyRootfs: truth,
      SecurityOpt: texts,
      StorageOpt: mapOf(text),
      Tmpfs: mapOf(text),
      UTSMode: text,
      UsernsMode: text,
      ShmSize: long,
      GroupAdd: texts,
      InitPath: text,
    },
    open,
  );
}

function model(restartKind: Shape): ObjectShape {
  return object(
    {
      Env: texts,
      ExposedPorts: mapOf(object({}, { struct: true, open: true })),
      HostConfig: hostConfig(restartKind),
      Image: text,
      Labels: mapOf(text),
      // JsonIgnore: read by nobody.
      Name: hidden,
      NetworkingConfig: object({ EndpointsConfig: mapOf(object({ Aliases: texts }, open)) }, open),
    },
    open,
  );
}

const models = { docker: model(restartKinds.docker), source: model(restartKinds.source) } as const;

/** What belongs into HostConfig. At the root Docker reads none of it. */
export const ofHostConfig: ReadonlyMap<string, string> = new Map(
  [...hostConfig(restartKinds.docker).fields.keys()]
    // Keys that Docker has at both places, or had there.
    .filter((key) => !['Memory', 'MemorySwap', 'CpuShares', 'CpusetCpus', 'VolumeDriver', 'Runtime'].includes(key))
    .map((key) => [key, 'HostConfig']),
);
