import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Enters the optional packages of other platforms into package-lock.json. npm leaves them out if its registry does not have all of
 * them, and then "npm ci" refuses the lockfile everywhere. Run this after adding or updating a dependency. It changes nothing if
 * nothing is missing.
 */
interface Package {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock: { packages: Record<string, Package & Record<string, unknown>> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);

let added = 0;
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const top = `node_modules/${name}`;
    const nested = `${path}/node_modules/${name}`;
    // A package of one platform has an exact version. A range means another optional package, which npm enters itself.
    if (!/^\d/.test(version)) continue;
    if (lock.packages[nested] !== undefined || lock.packages[top]?.version === version) continue;
    lock.packages[lock.packages[top] === undefined ? top : nested] = {
      version,
      ...platformOf(name),
      ...(dev === true ? { dev } : {}),
      optional: true,
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages entered`);

/** Returns the fields by which npm skips a package such as `…-linux-x64-musl` on other machines. */
function platformOf(name: string): Record<string, readonly string[]> {
  const words = name.split(/[-/]/);
  const word = (known: readonly string[]) => known.filter((candidate) => words.includes(candidate));
  const os = word([
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  ]);
  const cpu = word(['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']);
  const libc = /musl/.test(name) ? ['musl'] : /gnu/.test(name) ? ['glibc'] : [];
  return { ...(os.length > 0 ? { os } : {}), ...(cpu.length > 0 ? { cpu } : {}), ...(libc.length > 0 ? { libc } : {}) };
}
