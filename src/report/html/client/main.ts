import { type Choice, choiceOf, everything, Finder, hashOf, nameOf } from '../choose.ts';
import { devicePage } from '../device.ts';
import { columnsOf } from '../table.ts';
import type { DeviceView, View } from '../view.ts';
import { copyFrom } from './copy.ts';
import { part, show } from './dom.ts';
import { ListPart } from './list.ts';

/** The script of report.html. The address says what is shown; everything that the reader does changes the address. */
function start(view: View): void {
  const overview = part('overview');
  const page = part('device');
  const title = document.title;
  const byName = new Map(view.devices.map((device) => [nameOf(device), device]));
  const finder = new Finder(view);
  const list = new ListPart(view, columnsOf(view), finder, go);
  let choice = everything;
  /** Where the reader was before a device was shown alone. */
  let left = { scroll: 0, device: '' };

  /** `later`: the address follows when the reader has stopped typing, since browsers take few changes of it a second. */
  function go(next: Choice, how: 'at-once' | 'later' = 'at-once'): void {
    clearTimeout(waiting);
    waiting = undefined;
    if (how === 'later') {
      render(next);
      waiting = setTimeout(follow, 300);
    } else if (hashOf(next) === (location.hash || '#')) render(next);
    else location.hash = hashOf(next);
  }
  let waiting: ReturnType<typeof setTimeout> | undefined;

  /** Lets the address follow now. */
  function follow(): void {
    if (waiting === undefined) return;
    clearTimeout(waiting);
    waiting = undefined;
    location.replace(hashOf(choice));
  }

  function render(next: Choice): void {
    const before = choice;
    choice = next;
    const device = byName.get(next.device);
    if (device !== undefined) showDevice(device, before.device === '');
    else showList(next, before.device !== '' && !page.hidden);
  }

  function showDevice(device: DeviceView, fromList: boolean): void {
    if (fromList) left = { scroll: scrollY, device: nameOf(device) };
    overview.hidden = true;
    page.hidden = false;
    show(page, devicePage(device, view));
    document.title = `${device.id} · ${title}`;
    page.querySelector('h1')?.focus();
    scrollTo(0, 0);
  }

  function showList(next: Choice, fromDevice: boolean): void {
    overview.hidden = false;
    page.hidden = true;
    document.title = title;
    list.show(next);
    if (!fromDevice) return;
    const link = overview.querySelector<HTMLElement>(`a[href="${CSS.escape(hashOf({ device: left.device }))}"]`);
    link?.focus({ preventScroll: true });
    scrollTo(0, left.scroll);
  }

  addEventListener('hashchange', () => {
    // The address of a heading is not a choice.
    if (!/^#\w+$/.test(location.hash)) render(choiceOf(location.hash));
  });
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    copyFrom(event.target);
    const link = event.target.closest('a');
    // A reader who leaves comes back to what was searched for.
    if (link !== null) follow();
    if (link?.dataset.back !== undefined && left.device !== '') {
      event.preventDefault();
      history.back();
    }
    // A link above the table that chooses rows leads to the table.
    const chosen = link?.getAttribute('href') ?? '';
    if (/^#(show|ends|rule)=/.test(chosen)) setTimeout(() => part('fleet').scrollIntoView());
  });
  render(choiceOf(location.hash));
  setTimeout(() => finder.prepare(), 500);
}

start(JSON.parse(part('data').textContent ?? ''));
