import { classicName } from '../model/hub-name.ts';
import { commentMarker } from '../report/comment.ts';
import type { Settings } from '../run/settings.ts';

/**
 * Returns the marker by which later runs find the comment or issue of a run. Runs of one workflow, job, command, set of
 * manifests and set of hubs share it. The jobs of a matrix differ in their inputs. Two calls of a reusable workflow may
 * differ only in the connection string, so its hosts count too.
 */
export function markerOf(settings: Settings, kind: 'comment' | 'issue'): string {
  const { GITHUB_WORKFLOW: workflow = '', GITHUB_JOB: job = '' } = process.env;
  const inputs = [settings.command ?? '', settings.manifest ?? '', classicName(settings['only-hub'] ?? '')];
  return commentMarker([kind, workflow, job, ...inputs, ...hostsIn(settings)]);
}

/**
 * The hubs by their classic names, sorted, so that a workflow that calls a hub by another of its names finds its comment
 * again. Invalid settings count as they stand, because the comment about them must be found again too.
 */
function hostsIn({ hub = '', 'connection-string': strings = '' }: Settings): readonly string[] {
  const named = [...strings.matchAll(/\bHostName\s*=\s*([^\s;]+)/gi)].map(([, host = '']) => host);
  const hosts = [...hub.split(/\s+/), ...named].filter((host) => host !== '');
  return [...new Set(hosts.map(classicName))].sort();
}
