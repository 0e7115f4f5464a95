import { type Choice, everything, type Finder, rowsOfPage, type SortKey, shows, sortKeys } from '../choose.ts';
import { el } from '../element.ts';
import { type Column, deviceRow, headRow } from '../table.ts';
import type { View } from '../view.ts';
import { words } from '../words.ts';
import { part, show } from './dom.ts';

type Go = (choice: Choice, how?: 'at-once' | 'later') => void;

/** The table of devices with its search, filters, order and pages. */
export class ListPart {
  readonly #view: View;
  readonly #columns: readonly Column[];
  readonly #finder: Finder;
  readonly #go: Go;
  #choice = everything;

  constructor(view: View, columns: readonly Column[], finder: Finder, go: Go) {
    this.#view = view;
    this.#columns = columns;
    this.#finder = finder;
    this.#go = go;
    this.#listen();
  }

  /** Shows the rows of a choice. */
  show(choice: Choice): void {
    const form = document.getElementById('controls');
    if (form === null) return;
    this.#choice = choice;
    form.hidden = false;
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')) {
      const value = { q: choice.search, show: choice.show, hub: choice.hub }[field.name] ?? '';
      if (field.value !== value) field.value = value;
    }
    const devices = this.#finder.find(choice);
    const pages = Math.max(1, Math.ceil(devices.length / rowsOfPage));
    const page = Math.min(choice.page, pages);
    const from = (page - 1) * rowsOfPage;
    const shown = devices.slice(from, from + rowsOfPage);
    const table = part('table');
    this.#showHead(table, choice);
    const body = table.querySelector('tbody');
    if (body !== null)
      show(
        body,
        shown.map((device) => deviceRow(device, this.#columns, this.#view)),
      );
    part('count').textContent = words.count(devices.length, this.#view.devices.length, from, shown.length);
    this.#showClear(choice);
    this.#showPages(page, pages);
  }

  /** The focus stays on the title that was pressed. */
  #showHead(table: HTMLElement, choice: Choice): void {
    const head = table.querySelector('thead');
    if (head === null) return;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.sort : undefined;
    show(head, headRow(this.#columns, choice));
    if (focused !== undefined) head.querySelector<HTMLElement>(`[data-sort="${focused}"]`)?.focus();
  }

  /** What only a link can choose, the reader can take back here. */
  #showClear({ ends, rule }: Choice): void {
    const what = [...(ends === '' ? [] : [words.endsIn(ends)]), ...(rule === '' ? [] : [rule])].join(', ');
    const button = part('clear');
    button.hidden = what === '';
    button.textContent = words.clear(what);
    button.setAttribute('aria-label', words.clearLabel(what));
  }

  #showPages(page: number, pages: number): void {
    const place = part('pages');
    place.hidden = pages === 1;
    const turn = (title: string, to: number) =>
      el('button', { type: 'button', 'data-page': to, disabled: to < 1 || to > pages }, title);
    show(place, [turn(words.previous, page - 1), el('span', {}, words.page(page, pages)), turn(words.next, page + 1)]);
  }

  #listen(): void {
    const form = document.getElementById('controls');
    if (form === null) return;
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement) this.#go({ ...this.#choice, search: target.value, page: 1 }, 'later');
      if (!(target instanceof HTMLSelectElement)) return;
      const { name, value } = target;
      if (name === 'hub') this.#go({ ...this.#choice, hub: value, page: 1 });
      const chosen = shows.find((one) => one === value);
      if (name === 'show' && chosen !== undefined) this.#go({ ...this.#choice, show: chosen, page: 1 });
    });
    part('clear').addEventListener('click', () => this.#go({ ...this.#choice, ends: '', rule: '', page: 1 }));
    part('table').addEventListener('click', ({ target }) => {
      if (!(target instanceof Element)) return;
      const wanted = target.closest<HTMLElement>('[data-sort]')?.dataset.sort;
      const key = sortKeys.find((one) => one === wanted);
      if (key !== undefined) this.#go({ ...this.#choice, ...turned(this.#choice, key), page: 1 });
    });
    part('pages').addEventListener('click', ({ target }) => {
      const page = target instanceof HTMLElement ? Number(target.dataset.page) : 0;
      if (page < 1 || Number.isNaN(page)) return;
      this.#go({ ...this.#choice, page });
      part('count').scrollIntoView();
    });
  }
}

/** A title sorts up, then down, then as before. */
function turned({ sort, down }: Choice, key: SortKey): Pick<Choice, 'sort' | 'down'> {
  if (sort !== key) return { sort: key, down: false };
  return down ? { sort: '', down: false } : { sort: key, down: true };
}
