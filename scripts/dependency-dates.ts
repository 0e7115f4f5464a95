import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Asks the registry for the newest version of each package of package.json, and writes scripts/dependency-dates.json. */
const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).sort();
const newest = await Promise.all(names.map(async (name) => [name, await newestOf(name)] as const));
const dates = { asked: new Date().toISOString().slice(0, 10), newest: Object.fromEntries(newest) };
writeFileSync('scripts/dependency-dates.json', `${JSON.stringify(dates, null, 2)}\n`);

/** The newest version that is no pre-release, and the day since when the registry has it. */
async function newestOf(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['view', name, 'time', '--json'], { maxBuffer: 1e8 });
  const times: Record<string, string> = JSON.parse(stdout);
  const versions = Object.keys(times).filter((version) => /^\d+\.\d+\.\d+$/.test(version));
  const version = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? '';
  return `${version}, ${times[version]?.slice(0, 10)}`;
}
