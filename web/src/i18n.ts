// The language switch. Fixed texts are marked in the document (data-i18n…) and rewritten in place;
// texts made from data are made again by those who listen here.
import {dict, type Key, type Lang} from './dict';

const STORE = 'jingtu.lang';
const listeners = new Set<() => void>();
let current: Lang = stored();

function stored(): Lang {
  try {
    return localStorage.getItem(STORE) === 'en' ? 'en' : 'zh';
  } catch {
    // Storage can be barred by the browser's settings; Chinese is then the language of every visit.
    return 'zh';
  }
}

/** The language shown now. */
export const lang = (): Lang => current;

/** Switches the language, remembers it, and has everything on the page said again. */
export function setLang(next: Lang): void {
  current = next;
  try {
    localStorage.setItem(STORE, next);
  } catch {
    // See stored(): without storage the choice holds for this visit only.
  }
  translate();
  for (const listener of [...listeners]) listener();
}

/** Calls `listener` after every change of language. */
export function onLang(listener: () => void): void {
  listeners.add(listener);
}

/** The text of `key` in the language of now, with `{name}` filled in from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text: string = dict[key][current === 'zh' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The text of `prefix + name` when the dictionary has it, else `name` as it came. */
export function term(prefix: string, name: unknown): string {
  if (typeof name !== 'string' || name === '') return '';
  const key = prefix + name;
  return key in dict ? t(key as Key) : name;
}

/** Says the fixed texts below `root` in the language of now. */
export function translate(root: ParentNode = document): void {
  const each = (attribute: string, put: (element: HTMLElement, text: string) => void) => {
    for (const element of root.querySelectorAll<HTMLElement>(`[${attribute}]`)) {
      put(element, t(element.getAttribute(attribute) as Key));
    }
  };
  each('data-i18n', (element, text) => (element.textContent = text));
  each('data-i18n-placeholder', (element, text) => element.setAttribute('placeholder', text));
  each('data-i18n-label', (element, text) => element.setAttribute('aria-label', text));
  each('data-i18n-title', (element, text) => {
    element.title = text;
    element.setAttribute('aria-label', text);
  });
  if (root === document) {
    document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';
    document.title = t('title');
  }
}

/** The member `name_zh` or `name_en` of what the server sent, by language; the other one, or the bare `name`, where it is missing. */
export function pick(from: object | null | undefined, name: string): string {
  if (!from) return '';
  const members = from as Record<string, unknown>;
  const order = current === 'zh' ? [`${name}_zh`, name, `${name}_en`] : [`${name}_en`, name, `${name}_zh`];
  for (const member of order) {
    const value = members[member];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return '';
}
