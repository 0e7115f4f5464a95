import type { Configuration, Results } from '../configurations/configuration.ts';
import { thumbprintsOf } from '../devices/authentication.ts';
import type { Identity } from '../devices/identity.ts';
import { modulesOf } from '../devices/module.ts';
import type { Job } from '../jobs/jobs.ts';
import type { ScheduledJob } from '../jobs/scheduled/scheduled-job.ts';
import type { Counts } from './counts.ts';

const shown = 100;

export interface ShownConfiguration {
  readonly configuration: Configuration;
  readonly results: Results | undefined;
}

/** The page of `GET /`: numbers, configurations, the first devices, jobs, how to connect. It shows no key. */
export function page(state: {
  readonly host: string;
  readonly devices: Iterable<Identity>;
  readonly configurations: readonly ShownConfiguration[];
  readonly counts: Counts;
  readonly jobs: readonly Job[];
  readonly scheduled: readonly ScheduledJob[];
}): string {
  const devices = [...state.devices];
  const count = (wanted: (device: Identity) => boolean) => devices.filter(wanted).length;
  const numbers: readonly (readonly [string, number])[] = [
    ['devices', devices.length],
    ['edge devices', count((device) => device.edge)],
    ['enabled', count((device) => device.status === 'enabled')],
    ['disabled', count((device) => device.status === 'disabled')],
    ['requests', state.counts.requests],
    ['registry reads', state.counts.registryReads],
    ['registry writes', state.counts.registryWrites],
    ['queries', state.counts.queries],
    ['twin reads', state.counts.twinReads],
    ['twin writes', state.counts.twinWrites],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Embedded IoT Hub ${escaped(state.host)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem; margin: 0; }
  dl div { border: 1px solid #d0d7de; border-radius: .4rem; padding: .4rem .7rem; }
  dt { color: #57606a; } dd { margin: 0; font-size: 1.3rem; }
  table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #d0d7de; overflow-wrap: anywhere; vertical-align: top; }
  code, pre { font: 13px/1.5 ui-monospace, monospace; } pre { background: #f6f8fa; padding: .7rem; overflow-x: auto; }
</style>
<h1>Embedded IoT Hub</h1>
<dl>${numbers.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>
<h2>Connect</h2>
<p>The hub printed its connection string and the file of its certificate authority, as one JSON line, when it started.</p>
<pre>export IOTHUB_CONNECTION_STRING='HostName=${escaped(state.host)};SharedAccessKeyName=iothubowner;SharedAccessKey=…'
provision-iot-edge plan devices.yaml --ca-file …/ca.pem</pre>
${state.configurations.length === 0 ? '' : `<h2>Deployments and configurations</h2>${configurationTable(state.configurations)}`}
<h2>Devices</h2>
${devices.length === 0 ? '<p>There are none yet.</p>' : table(devices)}
<h2>Jobs</h2>
${jobTable(state.jobs, state.scheduled)}
</html>
`;
}

function table(devices: readonly Identity[]): string {
  const more = devices.length - shown;
  return `<table>
<thead><tr><th>Device</th><th>Edge</th><th>Status</th><th>Authentication</th><th>Thumbprints</th><th>Parent</th><th>Modules</th><th>Tags</th></tr></thead>
<tbody>${devices.slice(0, shown).map(row).join('')}</tbody>
</table>
${more > 0 ? `<p>And ${more} more.</p>` : ''}`;
}

function row(device: Identity): string {
  const cells = [
    device.deviceId,
    device.edge ? 'yes' : 'no',
    device.statusReason === null ? device.status : `${device.status}: ${device.statusReason}`,
    authenticationText(device),
    device.parentScopes?.[0] ?? '',
    modulesOf(device)
      .map(({ moduleId }) => moduleId)
      .join(', '),
    device.twin === undefined ? '' : JSON.stringify(device.twin.tags),
  ];
  return rowOf(cells);
}

/** The type, and thumbprints, which are no secrets. */
function authenticationText({ authentication }: Identity): string {
  const { primaryThumbprint, secondaryThumbprint } = thumbprintsOf(authentication);
  const thumbprints = new Set([primaryThumbprint, secondaryThumbprint].filter((text) => text !== null));
  return [authentication.type, ...thumbprints].join(' ');
}

/** The last jobs, the newest first. URLs of containers are left out, since they carry signatures. */
function jobTable(jobs: readonly Job[], scheduled: readonly ScheduledJob[]): string {
  const rows = [
    ...jobs.map(({ jobId, type, status, startTimeUtc, progress }) => [
      startTimeUtc,
      jobId,
      type,
      status,
      `${progress}%`,
    ]),
    ...scheduled.map(({ jobId, task, status, startTime, results = [] }) => {
      const done = results.filter((result) => result.status === 'completed').length;
      return [startTime, jobId, task.type, status, `${done} of ${results.length} devices`];
    }),
  ];
  if (rows.length === 0) return '<p>There are none yet.</p>';
  const newest = rows.sort(([a = ''], [b = '']) => (a < b ? 1 : -1)).slice(0, shown);
  return `<table>
<thead><tr><th>Start</th><th>Job</th><th>Type</th><th>Status</th><th>Done</th></tr></thead>
<tbody>${newest.map(rowOf).join('')}</tbody>
</table>`;
}

function configurationTable(configurations: readonly ShownConfiguration[]): string {
  const rows = configurations.map(({ configuration, results }) =>
    rowOf([
      configuration.id,
      configuration.targetCondition,
      String(configuration.priority),
      ...['targetedCount', 'appliedCount', 'reportedSuccessfulCount', 'reportedFailedCount'].map((name) =>
        String(results?.system[name] ?? ''),
      ),
    ]),
  );
  return `<table>
<thead><tr><th>Id</th><th>Target condition</th><th>Priority</th><th>Targeted</th><th>Applied</th><th>Successful</th><th>Failed</th></tr></thead>
<tbody>${rows.join('')}</tbody>
</table>`;
}

function rowOf(cells: readonly string[]): string {
  return `<tr>${cells.map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
