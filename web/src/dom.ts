// Building the document. Text always goes in as text nodes; nothing from the server is ever markup.
import {t, translate} from './i18n';
import type {Key} from './dict';

type Child = Node | string | number | null | undefined | false | Child[];
type Props = Record<string, unknown>;

/** Makes an element: `on…` are listeners, booleans are attributes present or absent, `i18n*` mark texts of the dictionary. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on') && typeof value === 'function') {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (name.startsWith('i18n')) {
      const kind = name.slice(4);
      element.setAttribute(kind ? `data-i18n-${kind.toLowerCase()}` : 'data-i18n', String(value));
      const holder = document.createDocumentFragment();
      holder.append(element);
      translate(holder);
      holder.removeChild(element);
    } else if (name === 'value' && 'value' in element) {
      (element as unknown as {value: string}).value = String(value);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces what is inside `element`. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** The element of the page with this id; the page is ours, so a missing one is a fault of the build. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** A definition list of those rows that have a value. */
export function rows(list: Array<[Key | string, Child]>): HTMLElement {
  return h('dl', {class: 'rows'}, list
    .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

/** A heading with a body below it, for the sections of a record or a result. */
export function section(title: string, ...children: Child[]): HTMLElement {
  return h('section', {class: 'block'}, h('h3', {}, title), children);
}

/** What is shown while an answer is awaited. */
export function loading(): HTMLElement {
  return h('p', {class: 'muted', role: 'status'}, t('loading'));
}
