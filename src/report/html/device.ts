import { hashOf } from './choose.ts';
import { type Content, type Element, el } from './element.ts';
import { ruleLink } from './findings.ts';
import { changeOf, deviceLink } from './table.ts';
import { type CertificateView, type DeviceView, daysUntil, endsSoon, type FieldView, type View } from './view.ts';
import { words } from './words.ts';

/** All that the page knows of one device. */
export function devicePage(device: DeviceView, view: View): Element {
  const { id, hub, why, fields, configuration, findings } = device;
  return el(
    'article',
    {},
    el('p', { class: 'back' }, el('a', { href: hashOf({}), 'data-back': true }, `← ${words.back}`)),
    el('h1', { tabindex: -1 }, id),
    el(
      'p',
      { class: 'lead' },
      device.change === '' && device.sign === undefined ? undefined : [changeOf(device), ' · '],
      hub,
    ),
    why === undefined ? undefined : el('p', {}, why),
    fields.length === 0 ? undefined : [el('h2', {}, words.fieldsTitle[view.phase]), fieldTable(fields, device)],
    findings.length === 0 ? undefined : [el('h2', {}, words.findingsTitle), findingList(device, view)],
    certificatesPart(device, view),
    el('h2', {}, words.settings),
    factList(facts(device, view)),
    configuration === undefined
      ? undefined
      : [
          el('h2', {}, configuration.file),
          el(
            'pre',
            { tabindex: 0, 'aria-label': configuration.file },
            configuration.lines.map((line) => `${view.lines[line] ?? ''}\n`).join(''),
          ),
        ],
  );
}

function fieldTable(fields: readonly FieldView[], { id }: DeviceView): Element {
  const value = (text: string | undefined) =>
    text === undefined ? el('span', { class: 'quiet' }, words.none) : el('code', {}, text);
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.fieldsOf(id) },
    el(
      'table',
      { class: 'fields' },
      el('caption', { class: 'unseen' }, words.fieldsOf(id)),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          [words.field, words.before, words.after].map((title) => el('th', { scope: 'col' }, title)),
        ),
      ),
      el(
        'tbody',
        {},
        fields.map(({ name, before, after, note }) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, name),
            el('td', {}, value(before)),
            el('td', {}, value(after), note === undefined ? undefined : el('span', { class: 'quiet' }, ` ${note}`)),
          ),
        ),
      ),
    ),
  );
}

function findingList({ id, findings }: DeviceView, view: View): Element {
  return el(
    'ul',
    { class: 'findings' },
    findings.map((index) => {
      const finding = view.findings[index];
      if (finding === undefined) return undefined;
      return el(
        'li',
        {},
        el(
          'p',
          { class: finding.severity === 'error' ? 'alarm' : 'strong' },
          words.severity[finding.severity],
          ' ',
          ruleLink(finding.rule),
        ),
        // The last line is the message. Of several devices it says {id} for each.
        el('p', {}, (finding.lines.at(-1) ?? '').replaceAll('{id}', id)),
        el('p', { class: 'remedy' }, `→ ${finding.remedy.replaceAll('{id}', id)}`),
      );
    }),
  );
}

function certificatesPart({ primary, secondary, uses }: DeviceView, view: View): Content {
  const part = (title: string, certificate: CertificateView | undefined, isUsed: boolean) =>
    certificate === undefined
      ? undefined
      : el(
          'section',
          {},
          el('h3', {}, title, isUsed ? el('span', { class: 'quiet' }, ` ${words.used}`) : undefined),
          factList(certificateFacts(certificate, view)),
        );
  if (primary === undefined && secondary === undefined) return undefined;
  return [
    el('h2', {}, words.certificates),
    el(
      'div',
      { class: 'pair' },
      part(words.primary, primary, uses === 'primary'),
      part(words.secondary, secondary, uses === 'secondary'),
    ),
  ];
}

type Fact = readonly [name: string, value: Content];

function certificateFacts(certificate: CertificateView, view: View): readonly Fact[] {
  const { thumbprint, file, from, key, issuer } = certificate;
  const copy = el(
    'button',
    { type: 'button', class: 'copy', 'data-copy': thumbprint, 'aria-label': `${words.copy} ${thumbprint}` },
    words.copy,
  );
  return [
    [words.thumbprint, [el('code', { class: 'whole' }, thumbprint), ' ', copy]],
    [words.validFrom, from && minute(from)],
    [words.validTo, endFact(certificate, view)],
    [words.key, key],
    [words.issuer, issuer],
    [words.file, file && el('code', {}, file)],
  ];
}

/** The end to the minute, and how far it is. */
function endFact(certificate: CertificateView, view: View): Content {
  const { to } = certificate;
  if (to === undefined) return undefined;
  const isSoon = endsSoon(to, view);
  return [minute(to), ' ', el('span', { class: isSoon ? 'alarm' : 'quiet' }, words.until(daysUntil(to, view)))];
}

/** `2027-04-05 09:30 UTC` */
function minute(time: string): string {
  return time.replace('T', ' ').replace('Z', ' UTC');
}

function facts(device: DeviceView, view: View): readonly Fact[] {
  const { status, statusReason, owner, runtime, bundle, parent } = device;
  const children = view.devices.filter((other) => other.parent === device.id && other.hub === device.hub);
  const parentView = view.devices.find((other) => other.id === parent && other.hub === device.hub);
  const few = children.slice(0, 50);
  return [
    [words.status, statusReason === undefined ? status : `${status ?? ''} (${statusReason})`],
    [words.runtimeTitle, runtime],
    [words.owner, owner],
    [words.parent, parentView === undefined ? parent : deviceLink(parentView)],
    [
      words.children,
      few.length === 0
        ? undefined
        : [
            few.map((child, index) => [index === 0 ? '' : ', ', deviceLink(child)]),
            children.length > few.length ? ` ${words.more(children.length - few.length)}` : '',
          ],
    ],
    [words.bundle, bundle && el('code', {}, bundle)],
  ];
}

function factList(all: readonly Fact[]): Element {
  const known = all.filter(([, value]) => value !== undefined && value !== '');
  return el(
    'dl',
    {},
    known.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}
