import { type Content, isElement } from '../element.ts';

/** Returns the element of the page with an id. */
export function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** Puts content in place of what an element has. */
export function show(place: Element, content: Content): void {
  place.replaceChildren(...nodesOf(content));
}

function nodesOf(content: Content): readonly Node[] {
  if (content === undefined || content === '') return [];
  if (typeof content === 'string') return [document.createTextNode(content)];
  if (!isElement(content)) return content.flatMap(nodesOf);
  const element = document.createElement(content.tag);
  for (const [name, value] of Object.entries(content.attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodesOf(content.content));
  return [element];
}
