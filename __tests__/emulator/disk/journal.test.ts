import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceDocument } from '../../../src/emulator/devices/identity.ts';
import { wantedModule } from '../../../src/emulator/devices/module.ts';
import { createModule } from '../../../src/emulator/devices/modules.ts';
import { openJournal } from '../../../src/emulator/disk/journal.ts';
import { emulatorFault } from '../../../src/emulator/faults.ts';
import { patchedTwin, wantedTwin } from '../../../src/emulator/twins/twin-state.ts';
import { faultIn, said } from '../../support/fault.ts';
import { edgeBody, start, testRegistry, wanted } from '../devices/identities.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'devices.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A registry over the journal at `path`; what is not flushed is lost, as in a crash. */
function reopened() {
  const journal = openJournal(path);
  const registry = testRegistry({ changed: journal.record }, journal.identities);
  return { journal, registry, documents: () => [...registry.all()].map(deviceDocument) };
}

describe('a journal', () => {
  it('gives back after a crash all that was flushed, in its order', () => {
    const first = reopened();
    first.registry.create(wanted(edgeBody('a')));
    first.registry.create(wanted({ deviceId: 'b' }));
    first.registry.create(wanted({ deviceId: 'c' }));
    first.registry.remove('b', undefined);
    first.registry.create(wanted({ deviceId: 'b', status: 'disabled', statusReason: 'für später' }));
    first.registry.put(wanted(edgeBody('a', { status: 'disabled' })));
    first.journal.flush();
    const before = first.documents();
    first.registry.create(wanted({ deviceId: 'lost' }));

    expect(reopened().documents()).toEqual(before);
    expect(before.map((device) => device.deviceId)).toEqual(['a', 'c', 'b']);
  });

  it('gives back after a close what it was closed with, and holds nothing else', () => {
    const { journal, registry, documents } = reopened();
    for (let at = 0; at < 50; at += 1) registry.create(wanted({ deviceId: `d${at}` }));
    for (let at = 0; at < 48; at += 1) registry.remove(`d${at}`, undefined);
    journal.flush();
    journal.close(registry.all());
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
    expect(reopened().documents()).toEqual(documents());
  });

  it('leaves a torn last line out, and writes on behind it', () => {
    const first = reopened();
    first.registry.create(wanted({ deviceId: 'a' }));
    first.journal.flush();
    const whole = readFileSync(path, 'utf8');
    first.registry.create(wanted({ deviceId: 'torn' }));
    first.journal.flush();
    const lastLine = readFileSync(path, 'utf8').slice(whole.length);
    for (const length of [1, 20, lastLine.length - 1]) {
      writeFileSync(path, whole + lastLine.slice(0, length));
      const { registry, journal, documents } = reopened();
      expect(documents().map((device) => device.deviceId)).toEqual(['a']);
      registry.create(wanted({ deviceId: 'next' }));
      journal.flush();
      expect(
        reopened()
          .documents()
          .map((device) => device.deviceId),
      ).toEqual(['a', 'next']);
    }
  });

  it('writes nothing once it is closed', () => {
    const { journal, registry } = reopened();
    journal.close(registry.all());
    const before = readFileSync(path, 'utf8');
    registry.create(wanted({ deviceId: 'late' }));
    journal.flush();
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('is readable by its owner alone', () => {
    const { journal, registry } = reopened();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    journal.close(registry.all());
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['another file', () => writeFileSync(path, 'devices:\n'), 1],
    ['a line that is no JSON', () => appendFileSync(path, '{"device":\n'), 2],
    ['a line of another kind', () => appendFileSync(path, '[]\n'), 2],
    ['a device that is none', () => appendFileSync(path, '{"device":{"deviceId":"a"}}\n'), 2],
  ])('refuses %s by file and line, and leaves it as it is', (_, damage, line) => {
    openJournal(path).close([]);
    damage();
    const before = readFileSync(path, 'utf8');
    expect(said(faultIn(() => openJournal(path)))).toEqual(said(emulatorFault('not-its-journal', { path, line })));
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it.each([
    ['a twin that is none', { twin: { counter: 'x', tags: {} } }],
    ['a twin without tags', { twin: { counter: 2 } }],
    ['modules that are no list', { modules: {} }],
    ['a module that is none', { modules: [{ moduleId: 'm' }] }],
    ['a module whose twin is none', { modules: [{ moduleId: 'm', version: 1, authentication: {}, twin: [] }] }],
  ])('refuses a device with %s', (_, more) => {
    const device = { ...testRegistry().create(wanted(edgeBody('a'))), ...more };
    openJournal(path).close([]);
    appendFileSync(path, `${JSON.stringify({ device })}\n`);
    expect(said(faultIn(() => openJournal(path)))).toEqual(said(emulatorFault('not-its-journal', { path, line: 2 })));
  });

  it('keeps twins and modules', () => {
    const first = reopened();
    first.registry.create(wanted(edgeBody('a')));
    const twin = patchedTwin(undefined, wantedTwin({ tags: { site: 'berlin' } }), start);
    first.registry.amend('a', { twin });
    createModule(first.registry, 'a', wantedModule('m', {}), twin);
    first.journal.flush();
    expect([...reopened().registry.all()]).toEqual([...first.registry.all()]);
  });

  it('reads those of before there were twins and modules', () => {
    const { twin: _, modules: __, ...device } = testRegistry().create(wanted(edgeBody('a')));
    writeFileSync(
      path,
      `${JSON.stringify({ file: 'embedded-hub-devices', format: 1 })}\n${JSON.stringify({ device })}\n`,
    );
    expect([...reopened().registry.all()]).toEqual([device]);
  });

  it('takes many devices in pieces', () => {
    const { journal, registry, documents } = reopened();
    for (let at = 0; at < 5000; at += 1) registry.create(wanted(edgeBody(`device-${at}`)));
    journal.close(registry.all());
    expect(reopened().documents()).toEqual(documents());
  });

  it('does not hide a folder that is not there', () => {
    expect(() => openJournal(join(folder, 'nowhere', 'devices.jsonl'))).toThrow(/ENOENT/);
    expect(() => openJournal(folder)).toThrow(/EISDIR/);
  });
});
