// What is overdue on a day.
import {ApiError, getJson} from './api';
import {fill, h, loading} from './dom';
import {problemBox} from './errors';
import {actor} from './format';
import {onLang, pick, t} from './i18n';
import type {RecordCard} from './record';
import type {Deadline} from './types';

interface Answer {
  deadlines?: Deadline[];
  next?: string;
  links?: Array<{rel?: string; href?: string}>;
}

/** The list of overdue deadlines, read when the panel is first seen and after each change of day or caller. */
export class OverduePanel {
  private readonly day = h('input', {type: 'date', id: 'overdue-day', 'data-testid': 'overdue-day', min: '2007-01-01', max: '2099-12-31', onchange: () => void this.read()});
  private readonly body = h('div', {'data-testid': 'overdue-list', 'aria-live': 'polite'});
  private list: Deadline[] | null = null;
  private next = '';
  private failure: unknown = null;
  private asked: AbortController | null = null;

  constructor(pane: HTMLElement, private readonly record: RecordCard) {
    pane.append(h('div', {class: 'field row'}, h('label', {for: 'overdue-day', i18n: 'overdue.day'}), this.day), this.body);
    onLang(() => this.render());
  }

  /** The day the server counts as today, until the user chooses another. */
  setToday(day: string): void {
    if (!this.day.value) this.day.value = day;
  }

  /** Called when the panel comes into view. */
  show(): void {
    if (!this.list && !this.failure) void this.read();
  }

  /** Forgets what another caller was shown, and reads again when the panel is in view. */
  reset(visible: boolean): void {
    this.list = null;
    this.failure = null;
    if (visible) void this.read();
  }

  private async read(more = ''): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    if (!more) {
      this.list = null;
      this.failure = null;
      fill(this.body, loading());
    }
    const on = this.day.value ? `&on=${this.day.value}` : '';
    try {
      const answer = await getJson<Answer>(more || `v1/deadlines?status=overdue&limit=200${on}`, {signal: asked.signal});
      this.list = [...(more ? this.list ?? [] : []), ...(answer.deadlines ?? [])];
      this.next = inside(answer.links?.find(({rel}) => rel === 'next')?.href ?? answer.next);
    } catch (error) {
      if (asked.signal.aborted) return;
      this.failure = error;
    }
    if (!asked.signal.aborted) this.render();
  }

  private render(): void {
    if (this.failure) {
      const denied = this.failure instanceof ApiError && [401, 403].includes(this.failure.status);
      fill(this.body, denied ? h('p', {class: 'note'}, t('overdue.denied')) : [problemBox(this.failure, t('overdue.failed')), h('button', {type: 'button', class: 'plain', onclick: () => void this.read()}, t('retry'))]);
      return;
    }
    if (!this.list) return;
    if (this.list.length === 0) {
      fill(this.body, h('p', {class: 'muted'}, t('overdue.none')));
      return;
    }
    fill(this.body,
      h('p', {class: 'muted'}, t(this.next ? 'overdue.count.more' : 'overdue.count', {n: this.list.length})),
      h('ul', {class: 'cards'}, this.list.map((one) => this.row(one))),
      this.next ? h('button', {type: 'button', class: 'plain', onclick: () => void this.read(this.next)}, t('more')) : null);
  }

  private row(one: Deadline): HTMLElement {
    const {subject} = one;
    const farmland = /farmland/.test(subject?.register ?? '');
    return h('li', {}, h('button', {
      type: 'button', class: 'card', disabled: !subject?.id,
      onclick: () => void this.record.open(farmland ? 'farmland' : 'site', subject?.id ?? '', null, true),
    },
      h('span', {class: 'head'}, h('b', {}, subject?.name ?? subject?.code ?? ''), one.days_overdue === undefined ? null : h('span', {class: 'state overdue'}, t('overdue.days', {n: one.days_overdue}))),
      h('span', {class: 'small'}, pick(one, 'rule')),
      h('span', {class: 'muted small'}, [t('overdue.due', {on: one.due_on ?? ''}), actor(one, 'responsible') ? `${t('overdue.responsible')} ${actor(one, 'responsible')}` : ''].filter(Boolean).join(' · '))));
  }
}

/** The path below our own server of a link to the next page; links elsewhere are not followed. */
function inside(href: string | undefined): string {
  if (!href) return '';
  const at = href.indexOf('v1/deadlines');
  return at < 0 ? '' : href.slice(at);
}
