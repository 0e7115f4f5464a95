import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { Texts } from '../../src/model/texts.ts';
import { reportOnTerminal } from '../../src/terminal/report.ts';
import { terminalStyle } from '../../src/terminal/style.ts';
import { ours } from '../plan/devices.ts';
import { changeOf, everyResult, findingOf, listedOf, outcomeOf, reportOf } from '../report/reports.ts';

/*
 * What people see. After a change of texts run this file with -u, and look at each file below fixtures/ that changed.
 * The findings are examples: their texts are not those of the rules.
 */

const yaml = `version: 1
devices:
  - id: edge-001
    status: disbaled  # until the press is repaired
    statusReason: "修理中 🏭 e\u0301\u0302\u202e\u0007"
    certificates: { primary: certs/north/hall-4/press-line-2/edge-001-primary.pem, secondary: certs/edge-001.pem }
  - id: edge-002
    config:\tx
    parent: ${'x'.repeat(3_000)} here ${'y'.repeat(3_000)}
    config: { hostname: press_2, agent: { env: { DB_PASSWORD: hunter2 } } }
`;
const csv = `id,certificates.primary,status,statusReason
edge-003,certs/edge-003.pem,disbaled,awaiting repair
`;
const json = `{ "version": 1,
  "devices": [ { "id": "edge-004", "status": "disbaled" } ] }
`;

function findings(): Report {
  const texts = new Texts();
  for (const [file, text] of Object.entries({ 'devices.yaml': yaml, 'more.csv': csv, 'more.json': json })) {
    texts.add(file, text);
  }
  const at = (file: string, text: string, marked: string) => {
    const before = text.slice(0, text.indexOf(marked)).split('\n');
    return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
  const status = { rule: 'manifest/type', message: 'status: expected one of enabled, disabled, found "disbaled"' };
  const remedy = 'Give status one of enabled, disabled.';
  return reportOf({
    command: 'validate',
    result: 'invalid',
    texts,
    findings: [
      findingOf({ ...status, remedy, device: 'edge-001', place: at('devices.yaml', yaml, 'disbaled') }),
      findingOf({
        rule: 'device/tags',
        device: 'edge-001',
        message: 'statusReason has a control character',
        remedy: 'Take it out.',
        place: at('devices.yaml', yaml, '"修理中'),
      }),
      findingOf({ device: 'edge-001', place: at('devices.yaml', yaml, 'certs/edge-001.pem') }),
      findingOf({
        rule: 'manifest/unknown-key',
        device: 'edge-002',
        message: 'unknown key "here" in a device',
        remedy: 'Remove it. Known keys here: id, hub, certificates, thumbprints, thumbprintAlgorithm, status, parent.',
        place: at('devices.yaml', yaml, 'here'),
      }),
      findingOf({
        rule: 'config/secret-in-manifest',
        device: 'edge-002',
        message: 'config.agent.env.DB_PASSWORD holds a value whose name says that it is a secret',
        remedy: 'Remove it and renew it: it is known now.',
        place: at('devices.yaml', yaml, 'hunter2'),
      }),
      findingOf({ ...status, remedy, device: 'edge-003', place: at('more.csv', csv, 'disbaled') }),
      findingOf({ ...status, remedy, device: 'edge-004', place: at('more.json', json, '"disbaled"') }),
      findingOf({
        rule: 'config/hostname',
        severity: 'warning',
        device: undefined,
        devices: ['edge-001', 'edge-002', 'edge-003'],
        message: 'config.hostname, "press_2", has the character "_", expected letters, digits and -',
        remedy: 'If that is the name of the machine, keep it: another one is an error of iotedge check.',
        place: at('devices.yaml', yaml, 'config:\tx'),
      }),
    ],
  });
}

const many = Array.from({ length: 30 }, (_, n) => `edge-${String(n + 1).padStart(3, '0')}`);

const screens: Readonly<Record<string, Report>> = {
  findings: findings(),
  'failed-apply': {
    ...everyResult.partial,
    changes: many.map((id) => changeOf('update', id)),
    outcomes: many.map((id, n) => {
      if (n === 3)
        return outcomeOf('failed', id, 'the hub refused it: 409, the device was changed meanwhile by somebody else');
      return n === 17 ? outcomeOf('unknown', id, 'no answer') : outcomeOf('updated', id);
    }),
  },
  list: reportOf({
    command: 'list',
    result: 'listed',
    owner: ours,
    listed: [listedOf('edge-001', true, ours), listedOf('edge-002-of-the-north-hall', false)],
  }),
};

const noColour = { NO_COLOR: '1' };

/** What a stream of this width shows. */
async function shown(report: Report, columns: number | undefined, env: Record<string, string>): Promise<string> {
  const stream: WriteStream = Object.assign(Object.create(WriteStream.prototype), new PassThrough(), {
    isTTY: columns !== undefined,
    columns,
  });
  const style = await terminalStyle(columns === undefined ? undefined : stream, '/srv', '/srv', env);
  return `${(await reportOnTerminal(report, style)).join('\n')}\n`;
}

describe.each(Object.entries(screens))('the screen %s', (name, report) => {
  it.each([40, 80, 200])('in %i columns is as a person has seen it, and no wider', async (columns) => {
    const text = await shown(report, columns, noColour);
    const wide = text.split('\n').filter((line) => stringWidth(line) > columns);
    // A word that is too long for a line stays whole.
    expect(wide.filter((line) => line.trim().includes(' '))).toEqual([]);
    await expect(text).toMatchFileSnapshot(`fixtures/${name}-${columns}.txt`);
  });

  it('is not wrapped in a pipe, and has no colours there', async () => {
    await expect(await shown(report, undefined, { TERM: 'xterm' })).toMatchFileSnapshot(`fixtures/${name}-piped.txt`);
  });

  it('has colours on a terminal, and else says the same', async () => {
    const text = await shown(report, 80, { TERM: 'xterm-256color' });
    await expect(text.replaceAll('\u001b', '␛')).toMatchFileSnapshot(`fixtures/${name}-colours.txt`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour begins with
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(await shown(report, 80, noColour));
    expect(text).toContain('\u001b[');
  });

  it.each<[string, Record<string, string>]>([
    ['NO_COLOR', { TERM: 'xterm-256color', NO_COLOR: '1' }],
    ['NO_COLOR, whatever FORCE_COLOR says', { TERM: 'xterm-256color', NO_COLOR: '1', FORCE_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
    ['TERM=dumb, whatever FORCE_COLOR says', { TERM: 'dumb', FORCE_COLOR: '1' }],
    ['FORCE_COLOR=0', { TERM: 'xterm-256color', FORCE_COLOR: '0' }],
  ])('has no escapes with %s', async (_, env) => {
    const text = await shown(report, 80, env);
    expect(text).not.toContain('\u001b');
    expect(text).toBe(await shown(report, 80, noColour));
  });

  it('has colours in a pipe with FORCE_COLOR', async () => {
    expect(await shown(report, undefined, { FORCE_COLOR: '1' })).toContain('\u001b[1m');
  });
});
