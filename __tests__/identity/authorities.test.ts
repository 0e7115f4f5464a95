import { expect, test } from 'vitest';
import { identify, noFiles, openCertificate } from '../../src/identity/identify.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { type Issued, issue, issueAuthority, joined } from '../support/chain.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { at, device } from './device.ts';

/** Judges devices that name these certificates; what no device names has been read before, as for `devices: {from: …}`. */
async function judged(files: Readonly<Record<string, readonly Issued[]>>, named: Readonly<Record<string, string>>) {
  const folder = folderWith(Object.fromEntries(Object.entries(files).map(([path, all]) => [path, joined(...all)])));
  const workspace = openWorkspace(folder);
  const read = noFiles();
  for (const path of Object.keys(files)) await openCertificate(path, workspace, read);
  const devices = Object.entries(named).map(([id, primary]) => device({ id, certificates: { primary } }));
  const options = { now: new Date(), expiryWarningDays: 30 };
  const { value, findings } = await identify(devices, workspace, options, read);
  const uses = ['certificate/signing-key', 'certificate/is-ca'];
  return { ids: value.map(({ device: { id } }) => id), said: findings.filter(({ rule }) => uses.includes(rule)) };
}

test('what issued another certificate of the fleet is an authority, and refused', async () => {
  const plant = await issueAuthority('plant');
  const { ids, said } = await judged(
    { 'a.pem': [await issue('a', { by: plant })], 'plant.pem': [plant] },
    { plant: 'plant.pem', a: 'a.pem' },
  );
  expect(ids).toEqual(['a']);
  const details = { path: 'plant.pem', issued: 'a.pem' };
  expect(said).toEqual([{ ...told('certificate/signing-key', details), device: 'plant', place: at(12) }]);
});

test('so is what only says CA:TRUE, and what issued an authority in the chain of another file', async () => {
  const root = await issueAuthority('root', { authority: 'says-ca' });
  const middle = await issueAuthority('middle', { by: root });
  const { ids, said } = await judged(
    { 'a.pem': [await issue('a', { by: middle }), middle], 'root.pem': [root] },
    { root: 'root.pem', a: 'a.pem' },
  );
  expect(ids).toEqual(['a']);
  expect(said).toMatchObject([told('certificate/signing-key', { path: 'root.pem', issued: 'a.pem' })]);
});

test.each([
  ['self-signed with keyCertSign, as az makes it', { authority: 'may-sign' }, true],
  ['self-signed with CA:TRUE alone', { authority: 'says-ca' }, false],
] as const)('a certificate of the device that is %s is a warning', async (_, wanted, maySign) => {
  const own = await issue('edge-001', wanted);
  const by = await issueAuthority('Other');
  const { ids, said } = await judged(
    { 'own.pem': [own], 'a.pem': [await issue('a', { by })] },
    { 'edge-001': 'own.pem', a: 'a.pem' },
  );
  expect(ids).toEqual(['edge-001', 'a']);
  expect(said).toMatchObject([{ ...told('certificate/is-ca', { path: 'own.pem', maySign }), device: 'edge-001' }]);
});

test('two self-signed certificates of one name have not issued one another', async () => {
  const [one, two] = [await issueAuthority('edge-001'), await issueAuthority('edge-001')];
  const { ids, said } = await judged({ '1.pem': [one], '2.pem': [two] }, { 'edge-001': '1.pem' });
  expect(ids).toEqual(['edge-001']);
  expect(said.map(({ rule }) => rule)).toEqual(['certificate/is-ca']);
});
