import { type Ended, starts } from './device.ts';
import { type Prepared, secret } from './scenarios.ts';
import { running, type Seen } from './state.ts';

type Tree = Readonly<Record<string, string>>;
export type State = 'old' | 'new' | 'as found' | 'neither';

/** Which of the whole states the device's files are in, or whether they are as a run found them that was cut off later. */
export function stateOf(
  { tree: now }: Seen,
  { old, new: installed, found }: Prepared,
): { state: State; differences: string } {
  const fromOld = differences(old, now);
  const fromNew = differences(installed, now);
  if (fromOld.length === 0) return { state: 'old', differences: '' };
  if (fromNew.length === 0) return { state: 'new', differences: '' };
  if (differences(found, now).length === 0) return { state: 'as found', differences: '' };
  return { state: 'neither', differences: `from old: ${fromOld.join('; ')}. From new: ${fromNew.join('; ')}` };
}

function differences(wanted: Tree, now: Tree): readonly string[] {
  const paths = new Set([...Object.keys(wanted), ...Object.keys(now)]);
  return [...paths]
    .filter((path) => wanted[path] !== now[path])
    .map((path) => `${path} is ${short(now[path])}, expected ${short(wanted[path])}`);
}

const short = (text: string | undefined) => (text === undefined ? 'absent' : JSON.stringify(text.slice(0, 60)));

/** Faults of a device that is to be whole: mixtures, leftovers, modes, and services that do not run as they ran before. */
export function wholeFaults(now: Seen, prepared: Prepared, ended: Ended, allowed: readonly State[]): readonly string[] {
  const faults: string[] = [];
  const { state, differences: told } = stateOf(now, prepared);
  if (!allowed.includes(state)) faults.push(`files are ${state}, expected ${allowed.join(' or ')}. ${told}`);
  const runs = running(now, prepared.minor);
  const promised = state === 'new' || prepared.ran ? 'all' : 'none';
  // A device that was installed, and whose daemons cannot start any more, has nothing to go back to.
  const cannotRun = state === 'new' && ended.status === 1;
  if (isWhole(state) && runs !== promised && !cannotRun)
    faults.push(`of the services ${runs} run, expected ${promised}`);
  if (ended.status === 0 && state !== 'new') faults.push(`it says that it installed, and the files are ${state}`);
  return [...faults, ...alwaysFaults(now, prepared, ended)];
}

/** Faults at any time, also after a SIGKILL: a daemon that was started with a mixture, or a secret in an open file. */
export function alwaysFaults(now: Seen, prepared: Prepared, { log, hung }: Ended): readonly string[] {
  const mixed = starts(log, { ...prepared.pairs })
    .filter(({ config, certificate }) => config !== `# ${certificate}`)
    .map(
      ({ unit, config, certificate }) =>
        `${unit} was started with the configuration "${config}" and the certificate ${certificate}`,
    );
  return [...(hung ? ['it hangs'] : []), ...mixed, ...openFiles(now, prepared)];
}

const isWhole = (state: State) => state === 'old' || state === 'new';

function openFiles({ tree: now }: Seen, { old, new: installed }: Prepared): readonly string[] {
  return Object.entries(now)
    .filter(([path, text]) => {
      const mode = modeOf(text);
      const known = [old[path], installed[path]].filter((each) => each !== undefined).map(modeOf);
      if (known.length > 0) return (mode & ~known.reduce((all, each) => all | each, 0)) !== 0;
      // A second name or a copy of what was open before is no more open than that.
      return text.includes(secret) && (mode & 0o077) !== 0 && !Object.values(old).includes(text);
    })
    .map(([path, text]) => `${path} is more open than before: ${text.slice(0, 20)}`);
}

const modeOf = (text: string) => Number.parseInt(text, 8) & 0o777;

/** Which of the files that the daemons read are not the new ones, whatever else lies beside them. */
export function notNew({ tree: now }: Seen, { new: installed }: Prepared): readonly string[] {
  return Object.keys(installed)
    .filter((path) => isRead(path) && now[path] !== installed[path])
    .map((path) => `${path} is ${short(now[path])}, expected ${short(installed[path])}`);
}

/** Whether the files that the daemons read have the content of this state, in whatever mode. */
export function sameContent({ tree: now }: Seen, prepared: Prepared, which: 'old' | 'new'): boolean {
  const content = (text: string | undefined) => text?.slice(text.indexOf(' '));
  return Object.entries(prepared[which]).every(([path, text]) => !isRead(path) || content(now[path]) === content(text));
}

const isRead = (path: string) => /(config\.(yaml|toml)|edge-001\.pem|00-super\.toml)$/.test(path);
