import { commentMarker } from '../report/comment.ts';
import type { Settings } from '../run/settings.ts';

/**
 * The marker by which what a run writes is found again by later ones. Runs of one workflow, job, set of manifests and set of hubs
 * share it; jobs of a matrix differ in what they are told to do, two calls of a reusable workflow perhaps in their secret alone.
 */
export function markerOf(settings: Settings, kind: 'comment' | 'issue'): string {
  const { GITHUB_WORKFLOW: workflow = '', GITHUB_JOB: job = '' } = process.env;
  const told = ['command', 'manifest', 'only-hub'].map((name) => settings[name] ?? '');
  return commentMarker([kind, workflow, job, ...told, ...hostsIn(settings)]);
}

/** In whatever order they are given. Wrong settings count as they are: what is said of them has to be found again, too. */
function hostsIn({ hub = '', 'connection-string': strings = '' }: Settings): readonly string[] {
  const named = [...strings.matchAll(/\bHostName\s*=\s*([^\s;]+)/gi)].map(([, host = '']) => host);
  const hosts = [...hub.split(/\s+/), ...named].filter((host) => host !== '');
  return [...new Set(hosts.map((host) => host.toLowerCase()))].sort();
}
