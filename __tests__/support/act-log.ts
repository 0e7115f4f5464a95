/** What act says of a run. */
export interface ActLog {
  /**
   * By the id of the job, in a matrix followed by its values: `apply localhost:8443`. Holds the jobs of the called
   * workflows, not the jobs that call them.
   */
  readonly jobs: Readonly<Record<string, 'success' | 'failure' | 'skipped'>>;
  /** The outputs of steps, by the `id` of the step; in a matrix followed by its values. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly annotations: readonly Annotation[];
  /** What steps wrote to the job's summary, before secrets in it are masked. */
  readonly summaries: readonly string[];
  /** The log that people see, with secrets masked. */
  readonly log: string;
}

interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  /** In digits; lines begin at 1. */
  readonly line?: string;
}

/** A line of act's log: the parts that are read here. */
interface Entry {
  readonly level: string;
  readonly msg: string;
  readonly jobID?: string;
  readonly jobResult?: 'success' | 'failure' | 'skipped';
  readonly matrix?: Readonly<Record<string, string>>;
  readonly stepID?: readonly string[];
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  /** The text of a summary. */
  readonly content?: string;
  readonly kvPairs?: { readonly title?: string; readonly file?: string; readonly line?: string };
}

/** Reads what `act --json --verbose` printed. */
export function readLog(stdout: string): ActLog {
  const jobs: Record<string, 'success' | 'failure' | 'skipped'> = {};
  const outputs: Record<string, Record<string, string>> = {};
  const annotations: Annotation[] = [];
  const summaries: string[] = [];
  const log: string[] = [];
  for (const line of stdout.split('\n').filter((line) => line.startsWith('{'))) {
    const {
      level,
      msg,
      jobID,
      jobResult,
      matrix = {},
      stepID: [step = ''] = [],
      command,
      name = '',
      arg = '',
      content,
      ...more
    }: Entry = JSON.parse(line);
    const ofMatrix = (id: string) => [id, ...Object.values(matrix)].filter((part) => part !== '').join(' ');
    if (jobID !== undefined && jobResult !== undefined) jobs[ofMatrix(jobID)] = jobResult;
    if (command === 'set-output') outputs[ofMatrix(step)] = { ...outputs[ofMatrix(step)], [name]: arg };
    if (command === 'error' || command === 'warning' || command === 'notice') {
      annotations.push({ severity: command, message: arg, ...more.kvPairs });
    }
    if (command === 'summary' && content !== undefined) summaries.push(content);
    if (level !== 'debug') log.push(msg.trimEnd());
  }
  return { jobs, outputs, annotations, summaries, log: log.join('\n') };
}
