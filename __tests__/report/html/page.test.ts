import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { headline } from '../../../src/report/headline.ts';
import { cleaning } from '../../../src/report/html/clean.ts';
import { reportPage } from '../../../src/report/html/page.ts';
import type { View } from '../../../src/report/html/view.ts';
import { words } from '../../../src/report/html/words.ts';
import { fc, times } from '../../support/property.ts';
import { generatedRuns } from '../generated-runs.ts';
import { everyResult, findingOf, reportOf } from '../reports.ts';
import { at, fleetOf, large, planned } from './fleets.ts';
import { attacks, hostile } from './hostile.ts';

const context = { version: '1.2.3', now: at, hide: (text: string) => text };

/** What the page holds as data. */
function viewIn(page: string): View {
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json);
}

/** The tags of the page, but those in its script, its style and its data, without the values of their attributes. */
function tagsIn(page: string): readonly string[] {
  const shown = page.replace(/<(script|style)\b.*?<\/\1>/gs, '');
  return [...shown.matchAll(/<\/?[a-z!][^>]*>/gi)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
}

describe('report.html', () => {
  it.each([...Object.entries(everyResult), ...generatedRuns])('begins with what the run says: %s', (_, report) => {
    const page = reportPage(report, context);
    expect(page).toContain(`<h1>${headline(report)}</h1>`);
    expect(viewIn(page).devices.length + viewIn(page).left.devices).toBeGreaterThanOrEqual(report.changes.length);
  });

  it('lets only its own script and style run, and loads nothing', () => {
    const page = reportPage(hostile(), context);
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const digest = (text = '') => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`;
    const [, style] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
    const [, script] = /<script>(.*?)<\/script>/s.exec(page) ?? [];
    expect(policy).toContain('default-src &#39;none&#39;');
    expect(policy).toContain(`style-src ${digest(style)}`);
    expect(policy).toContain(`script-src ${digest(script)}`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(tagsIn(page)).toContain('<meta http-equiv="" content="">');
    expect(
      tagsIn(page).filter((tag) => /^<(img|iframe|object|embed|base)|\s(on\w+|src|style|action)=/i.test(tag)),
    ).toEqual([]);
  });

  it('takes no text for HTML, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...attacks), (text, attack) => {
        const one = `${attack.slice(0, 200)}${text}`;
        const report = reportOf({
          result: 'invalid',
          findings: [findingOf({ message: one, remedy: one, device: one })],
        });
        const page = reportPage(report, context);
        const plain = reportPage(
          reportOf({ result: 'invalid', findings: [findingOf({ message: 'm', remedy: 'm', device: 'm' })] }),
          context,
        );
        expect(tagsIn(page)).toEqual(tagsIn(plain));
        expect(viewIn(page).findings).toHaveLength(1);
      }),
      times(100),
    );
  });

  it('holds no secret', () => {
    const key = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
    const message = `HostName=contoso.azure-devices.net;SharedAccessKeyName=x;SharedAccessKey=${key}; hunter2&co`;
    const { changes, fleet } = fleetOf({ count: 3, happens: () => 'create', text: () => message });
    const bundles = fleet.bundles.map((bundle) => ({
      ...bundle,
      files: [
        {
          name: 'config.toml',
          text: `a = "${message}"\n-----BEGIN PRIVATE KEY-----\nMIIkey\n-----END PRIVATE KEY-----\n`,
        },
      ],
    }));
    const report = reportOf({ changes, fleet: { ...fleet, bundles }, findings: [findingOf({ message })] });
    const page = reportPage(report, { ...context, hide: (text) => text.replaceAll('hunter2&co', '***') });
    for (const secret of [key, 'hunter2', 'MIIkey']) expect(page).not.toContain(secret);
  });

  it('shows the configuration of devices that change or need attention, and names the bundle of others', () => {
    const { devices, lines } = viewIn(reportPage(planned(), context));
    for (const { need, configuration, bundle, id } of devices) {
      expect(configuration === undefined).toBe(need === 'same');
      expect(bundle).toBe(id);
      if (configuration !== undefined) {
        expect(configuration.lines.map((index) => lines[index])).toContain(`device_id = "${id}"`);
      }
    }
    expect(new Set(devices.map(({ need }) => need)).size).toBe(3);
  });

  it('says of a device all that the run knows', () => {
    const [device] = viewIn(reportPage(planned(), context)).devices;
    expect(device).toMatchObject({
      id: 'hamburg-lathe-012',
      hub: 'contoso.azure-devices.net',
      need: 'attention',
      sign: '!',
      change: 'blocked',
      status: 'enabled',
      owner: 'this repository',
      parent: 'hamburg-gateway',
      runtime: '1.6 debian',
      uses: 'primary',
      primary: { key: 'P-256', issuer: 'O=Contoso, CN=Plant CA 2', file: 'certs/hamburg-lathe-012-primary.pem' },
    });
    expect(device?.fields.map(({ name }) => name)).toEqual(['primaryThumbprint', 'secondaryThumbprint']);
  });

  it('shows 10,000 devices in full; of more, those that change or need attention, and counts the others', () => {
    const change = (index: number) => (index % 100 === 0 ? 'tags' : undefined);
    const whole = viewIn(reportPage(large(10_000, change), context));
    expect([whole.devices.length, whole.left.same]).toEqual([10_000, 0]);
    const page = reportPage(large(10_001, change), context);
    const { devices, left } = viewIn(page);
    expect([devices.length, left.same, left.devices]).toEqual([101, 9_900, 0]);
    expect(page).toContain(words.leftSame(9_900));
    expect(page).toContain('<b>10,001</b>');
  });

  it('stays small when every text is long, and says what had no room', () => {
    const long = 'y'.repeat(10_000);
    const { changes, fleet } = fleetOf({ count: 6_000, happens: () => 'tags', text: () => long });
    const page = reportPage(reportOf({ changes, fleet, result: 'changes' }), context);
    expect(page.length).toBeLessThan(15_000_000);
    const { devices, left } = viewIn(page);
    expect(devices.length + left.devices).toBe(6_000);
    expect(left.devices).toBeGreaterThan(0);
    expect(page).toContain(words.leftDevices(left.devices));
  });

  it('counts the devices of a circle of parents, which have no place in a tree', () => {
    const { changes, fleet } = fleetOf({ count: 8 });
    const devices = fleet.devices.map((device, index) => ({ ...device, parent: fleet.devices[(index + 1) % 8]!.id }));
    const identities = fleet.identities.map((identity, index) => ({ ...identity, device: devices[index]! }));
    const page = reportPage(reportOf({ changes, fleet: { ...fleet, devices, identities } }), context);
    expect(viewIn(page).devices).toHaveLength(8);
    expect(page).toContain(`<p class="quiet">${words.more(8)}</p>`);
  });

  it('shows of each text what can be read, up to a length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900, size: 'max' }), (text) => {
        const shown = cleaning((secret) => secret)(text);
        expect(shown.length).toBeLessThan(440);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
      times(300),
    );
  });
});
