import { type Finding, failing, type Judged, type RuleChanges, weighed } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { judgeAgentContainer } from './create-options.ts';
import { judgeDaemonScript } from './daemon-script.ts';
import { judgeEdgeCaLifetime } from './edge-ca-lifetime.ts';
import { judgeCollection } from './garbage-collection.ts';
import { judgeHostname } from './hostname.ts';
import { carriesConfiguration } from './linux-containers.ts';
import { judgeModule } from './module.ts';
import { judgeNetwork } from './network.ts';
import { type Places, readPlaces } from './places.ts';
import { judgeProxy } from './proxy.ts';
import { judgeRuntime } from './runtime.ts';
import { judgeSecrets } from './secrets.ts';
import { judgeTexts } from './texts.ts';

/**
 * Runs all checks of a device's configuration. The value is where its files lie, or `undefined` if there is an error.
 * @param rules the severities that the workflow gives to rules
 */
export function judgeDevice(device: Device, now: Date, rules?: RuleChanges): Judged<Places | undefined> {
  const runtime = judgeRuntime(device, now);
  const secrets = judgeSecrets(device);
  const texts = judgeTexts(device);
  // A wrong value gets one finding, and no other finding may quote a secret.
  const refused = new Set([...secrets.keys, ...texts.keys]);
  // A host name that the device does not use is not judged. It takes the name of the machine, or that of its base.
  if (!carriesConfiguration(device) || keepsHostname(device)) refused.add('config.hostname');
  const places = readPlaces(device, refused);
  const findings: readonly Finding[] = [
    ...runtime,
    ...secrets.findings,
    ...texts.findings,
    ...judgeHostname(device, refused),
    ...judgeProxy(device, refused),
    ...places.findings,
    ...judgeNetwork(device, refused),
    ...judgeModule(device, refused),
    ...judgeEdgeCaLifetime(device),
    ...judgeCollection(device, refused),
    ...judgeAgentContainer(device, refused),
    ...judgeDaemonScript(device, refused),
  ];
  return { value: failing(weighed(findings, rules)) ? undefined : places.value, findings };
}

/** Whether the file of `config.base` keeps its own host name. The checks of that file judge it. */
function keepsHostname({ config }: Device): boolean {
  return config.base !== undefined && config.hostname === undefined;
}
