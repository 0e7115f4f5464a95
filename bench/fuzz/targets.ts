import { answerRead, importRead, planRead, twinRead } from './answers.ts';
import type { Certificates } from './certificates.ts';
import { checked } from './checked.ts';
import { deviceWith, type seeds, thumbprints } from './seeds.ts';

/** The kinds of input from outside. */
export type TargetName = keyof typeof seeds;

/** Reads an input as a run does. Throws if the result is not what users may expect of any input. */
export type Reader = (input: Buffer) => Promise<unknown> | unknown;

/** How often each kind is tried in relation to the others: more often what takes a few microseconds. */
export const shares: Readonly<Record<TargetName, number>> = {
  'manifest-yaml': 4,
  'manifest-json': 12,
  'manifest-csv': 3,
  'certificate-pem': 2,
  'certificate-der': 2,
  'base-toml': 2,
  'base-yaml': 1,
  'plan-file': 12,
  'hub-answer': 20,
  twin: 25,
  'import-log': 16,
};

export function readersWith({ names, files }: Certificates): Readonly<Record<TargetName, Reader>> {
  const pair = names.map((name, at) => [name, files[at]?.pem ?? Buffer.alloc(0)] as const);
  const manifest = (name: string) => (input: Buffer) => checked(new Map([[name, input], ...pair]));
  const certificate = (name: string) => {
    const text = Buffer.from(deviceWith('1.5', `  certificates: { primary: ${name}, secondary: ${names[1]} }`));
    return (input: Buffer) => checked(new Map([['m.yaml', text], ...pair, [name, input]]));
  };
  const base = (name: string, version: string) => {
    const text = Buffer.from(deviceWith(version, `${thumbprints}\n  config: { base: ${name} }`));
    return (input: Buffer) =>
      checked(
        new Map([
          ['m.yaml', text],
          [name, input],
        ]),
      );
  };
  return {
    'manifest-yaml': manifest('m.yaml'),
    'manifest-json': manifest('m.json'),
    'manifest-csv': manifest('m.csv'),
    'certificate-pem': certificate('e.pem'),
    'certificate-der': certificate('e.cer'),
    'base-toml': base('base.toml', '1.5'),
    'base-yaml': base('base.yaml', '1.1'),
    'plan-file': planRead,
    'hub-answer': answerRead,
    twin: twinRead,
    'import-log': importRead,
  };
}
