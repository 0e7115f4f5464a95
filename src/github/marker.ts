import { commentMarker } from '../report/comment.ts';
import type { RunSettings } from '../run/settings.ts';

/**
 * Returns the marker by which later runs find the comment or issue of a run. Runs of one workflow, job, command, set of
 * manifests and set of hubs share it. The jobs of a matrix differ in their inputs. Two calls of a reusable workflow may
 * differ only in the connection string, so its hosts count too.
 */
export function markerOf({ recognizedBy }: RunSettings, kind: 'comment' | 'issue'): string {
  const { GITHUB_WORKFLOW: workflow = '', GITHUB_JOB: job = '' } = process.env;
  return commentMarker([kind, workflow, job, ...recognizedBy]);
}
