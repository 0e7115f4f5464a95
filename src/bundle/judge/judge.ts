import { type Finding, failing, type Judged } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { judgeDaemonScript } from './daemon-script.ts';
import { judgeHostname } from './hostname.ts';
import { carriesConfiguration } from './linux-containers.ts';
import { judgeModule } from './module.ts';
import { judgeNetwork } from './network.ts';
import { type Places, readPlaces } from './places.ts';
import { judgeProxy } from './proxy.ts';
import { judgeRuntime } from './runtime.ts';
import { judgeSecrets } from './secrets.ts';
import { judgeTexts } from './texts.ts';

/** Everything about a device's configuration that can be wrong; where its files lie, unless something is. */
export function judgeDevice(device: Device, now: Date): Judged<Places | undefined> {
  const runtime = judgeRuntime(device, now);
  const secrets = judgeSecrets(device);
  const texts = judgeTexts(device);
  // What is wrong with a value is told once; a secret is not quoted by what else is wrong with it.
  const refused = new Set([...secrets.keys, ...texts.keys]);
  // Nor is a name judged that is not the device's: there it takes that of the machine.
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
    ...judgeModule(device),
    ...judgeDaemonScript(device, refused),
  ];
  return { value: failing(findings) ? undefined : places.value, findings };
}

/** The file that it edits has a host name already, which is judged there. */
function keepsHostname({ config }: Device): boolean {
  return config.base !== undefined && config.hostname === undefined;
}
