// The articles an answer rests on.
import {h} from './dom';
import {lang, pick, t} from './i18n';
import type {Citation} from './types';

/** A list of instruments with article and validity. */
export function citations(list: Citation[]): HTMLElement {
  return h('ul', {class: 'citations', 'data-testid': 'citations'}, list.map((one) => {
    const name = h('span', {}, instrument(one), ' ', h('b', {}, article(one)));
    const link = typeof one.url === 'string' && /^https?:\/\//.test(one.url)
      ? h('a', {href: one.url, target: '_blank', rel: 'noopener noreferrer'}, name)
      : name;
    const validity = [
      one.effective_from ? t('result.from', {on: one.effective_from}) : '',
      one.effective_to ? t('result.until', {on: one.effective_to}) : '',
    ].filter(Boolean).join(lang() === 'zh' ? '，' : ', ');
    return h('li', {}, link, validity ? h('span', {class: 'muted small'}, ' ', validity) : null);
  }));
}

function instrument(one: Citation): string {
  const name = pick(one, 'instrument');
  return lang() === 'zh' && name && !name.startsWith('《') ? `《${name}》` : name;
}

/** `456(2)` is article 456, paragraph 2; a passage of a plan is named in words. */
function article(one: Citation): string {
  const said = pick(one, 'article');
  const parts = /^(\d+)(?:\((\d+)\))?$/.exec(said);
  // Several articles: `18-20, 22`.
  if (/^\d[\d, -]*$/.test(said)) return lang() === 'en' ? t('art.zh', {n: said}) : `第${said.replace(/, */g, '、')}条`;
  // A passage of a plan is told in both languages.
  if (!parts) return said.split(' / ')[lang() === 'zh' ? 0 : 1] ?? said;
  if (lang() === 'en') return t('art.zh', {n: said});
  return `第${parts[1]}条${parts[2] ? `第${parts[2]}款` : ''}`;
}
