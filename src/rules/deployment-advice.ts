import { rule } from './rule.ts';
import { nobody } from './sources.ts';

/** Advice is told once for a rule and file. `names`: at most ten of what it is about. */
interface Advised {
  readonly names: readonly string[];
  readonly count: number;
}

function list({ names, count }: Advised): string {
  const more = count - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

export const deploymentAdviceRules = {
  'deployment/latest-tag': rule<Advised>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'An image has the tag latest. A device pulls what it means that day, and two devices may run different things.',
    message: (of) => `${of.count === 1 ? 'an image has' : `${of.count} images have`} the tag latest: ${list(of)}`,
    remedy: () => 'Name a version as the tag.',
    example: { names: ['sensor'], count: 1 },
  }),
  'deployment/written-secret': rule<Advised>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    line: 'hidden',
    about:
      'A password, key or connection string is written into the file, where everybody who reads the repository finds it.',
    message: (of) => `${of.count === 1 ? 'a secret is' : `${of.count} secrets are`} written out: ${list(of)}`,
    remedy: () =>
      'Write a placeholder such as $REGISTRY_PASSWORD, and fill it in from a secret of the workflow; change the secret.',
    example: { names: ['the login acr'], count: 1 },
  }),
  'deployment/host-mount': rule<Advised>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: "A module gets Docker's socket or the whole file system of the host: it can do all that root can do there.",
    message: (of) => `${list(of)}: with it a module controls the whole host`,
    remedy: () => 'Mount only the folders that the module needs.',
    example: { names: ['/var/run/docker.sock in monitor'], count: 1 },
  }),
  'deployment/privileged': rule<Advised>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A module is privileged: it can do all that root can do on the host.',
    message: (of) => `${of.count === 1 ? 'a module is' : `${of.count} modules are`} privileged: ${list(of)}`,
    remedy: () => 'Give the module the Devices and CapAdd that it needs instead of Privileged.',
    example: { names: ['opcua'], count: 1 },
  }),
  'deployment/no-log-limit': rule<Advised>({
    severity: 'notice',
    initially: 'off',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A module has no limit on its logs. Unless the container engine has one, they fill the disk (https://learn.microsoft.com/azure/iot-edge/production-checklist).',
    message: (of) => `${of.count === 1 ? 'a module has' : `${of.count} modules have`} no limit on logs: ${list(of)}`,
    remedy: () =>
      'Set "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}} in createOptions, or a limit for the engine in /etc/docker/daemon.json.',
    example: { names: ['edgeHub', 'sensor'], count: 2 },
  }),
  'deployment/hub-storage': rule<Advised>({
    severity: 'notice',
    initially: 'off',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The module edgeHub keeps messages in its container. It loses waiting messages when the container is created again (https://learn.microsoft.com/azure/iot-edge/how-to-access-host-storage-from-module).',
    message: () =>
      'edgeHub has no folder of the host for its messages, and loses waiting messages when its container is created again',
    remedy: () =>
      'Set storageFolder in env and bind a folder: "Binds": ["/var/lib/edgehub:/iotedge/storage"]. Make that folder first and give it to edgeHub (sudo chown 1000 /var/lib/edgehub): without that edgeHub stops.',
    example: { names: ['edgeHub'], count: 1 },
  }),
  'deployment/finite-time-to-live': rule<{ seconds: number }>({
    severity: 'notice',
    initially: 'off',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'Messages that cannot be sent are dropped after a time.',
    message: ({ seconds }) => `edgeHub drops messages that it cannot send within ${seconds} s`,
    remedy: () => 'Write a longer time; -1 keeps them for ever, as far as the disk goes.',
    example: { seconds: 7200 },
  }),
};
