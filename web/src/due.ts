// What an officer has to look after: clocks by where they stand, what is not public yet and who owes it, the three lists as
// of a day, and where the rules, the calendar and the feed are.
import {ApiError, apiKey, fetchFile, getJson} from './api';
import {fill, h, loading, section} from './dom';
import {problemBox} from './errors';
import {actor, inBrackets} from './format';
import {onLang, pick, t, term} from './i18n';
import type {RecordCard} from './record';
import type {Deadline} from './types';

type Counts = Record<string, number>;

interface Page {
  deadlines?: Deadline[];
  counts?: Counts;
  links?: Array<{rel?: string; href?: string}>;
}

interface Unmet {
  division_code?: string;
  division_zh?: string;
  owed_by_zh?: string;
  owed_by_en?: string;
  unmet?: number;
  overdue?: number;
  oldest_due_on?: string;
}

interface Listing {
  list: string;
  title_zh?: string;
  title_en?: string;
  sites?: number | null;
  by_grade?: Array<{risk_grade?: string | null; sites?: number}>;
}

/** Where clocks can stand, in the order in which they press. */
const STATUSES = ['overdue', 'due_soon', 'open', 'suspended', 'met_late', 'met', 'cancelled'] as const;
type Status = (typeof STATUSES)[number];

/** Clocks of one kind: those of the law, or local service levels. */
interface Clocks {
  internal: boolean;
  list: Deadline[];
  counts: Counts;
  next: string;
}

/** The panel of what is due. */
export class DuePanel {
  private readonly day = h('input', {type: 'date', id: 'overdue-day', 'data-testid': 'overdue-day', min: '2007-01-01', max: '2099-12-31', onchange: () => void this.read()});
  private readonly chips = h('div', {class: 'chips states', role: 'group', i18nLabel: 'due.status', 'data-testid': 'due-status'});
  private readonly body = h('div', {'data-testid': 'overdue-list', 'aria-live': 'polite'});
  private readonly more = h('div', {'data-testid': 'due-more'});
  private readonly trouble = h('div', {});
  private status: Status = 'overdue';
  private law: Clocks | null = null;
  private internal: Clocks | null = null;
  private unmet: Unmet[] | null = null;
  private lists: Listing[] | null = null;
  private readonly entries = new Map<string, HTMLElement>();
  private failure: unknown = null;
  private asked: AbortController | null = null;

  constructor(pane: HTMLElement, private readonly record: RecordCard) {
    pane.append(h('div', {class: 'field row'}, h('label', {for: 'overdue-day', i18n: 'overdue.day'}), this.day), this.chips, this.body, this.trouble, this.more);
    onLang(() => this.render());
  }

  /** The day the server counts as today, until the user chooses another. */
  setToday(day: string): void {
    if (!this.day.value) this.day.value = day;
  }

  /** Called when the panel comes into view. */
  show(): void {
    if (!this.law && !this.failure) void this.read();
  }

  /** Forgets what was shown, and reads again when the panel is in view. */
  reset(visible: boolean): void {
    this.law = this.internal = this.unmet = this.lists = null;
    this.entries.clear();
    this.failure = null;
    if (visible) void this.read();
  }

  private get on(): string {
    return this.day.value ? `&on=${this.day.value}` : '';
  }

  private async clocks(internal: boolean, signal: AbortSignal): Promise<Clocks> {
    const answer = await getJson<Page>(`v1/deadlines?status=${this.status}&internal=${internal}&limit=100${this.on}`, {signal});
    return {internal, list: answer.deadlines ?? [], counts: answer.counts ?? {}, next: nextOf(answer)};
  }

  private async read(): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const {signal} = asked;
    this.failure = null;
    this.entries.clear();
    if (!this.law) fill(this.body, loading());
    const on = this.on ? `?${this.on.slice(1)}` : '';
    // What a caller may not read is left out; only the clocks themselves are worth a refusal.
    const orNone = <T>(promise: Promise<T>): Promise<T | null> => promise.catch((error: unknown) => {
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return null;
      throw error;
    });
    try {
      const [law, internal, unmet, lists] = await Promise.all([
        this.clocks(false, signal), this.clocks(true, signal),
        orNone(getJson<{bureaus?: Unmet[]}>(`v1/publicity/unmet${on}`, {signal})),
        orNone(getJson<{lists?: Listing[]}>('v1/lists', {signal})),
      ]);
      this.law = law;
      this.internal = internal;
      this.unmet = unmet?.bureaus ?? null;
      this.lists = lists?.lists ?? null;
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
      this.lists = (await orNone(getJson<{lists?: Listing[]}>('v1/lists', {signal})).catch(() => null))?.lists ?? null;
    }
    if (!signal.aborted) this.render();
  }

  private async readMore(clocks: Clocks): Promise<void> {
    try {
      const answer = await getJson<Page>(clocks.next);
      clocks.list = [...clocks.list, ...(answer.deadlines ?? [])];
      clocks.next = nextOf(answer);
      this.render();
    } catch (error) {
      fill(this.trouble, problemBox(error, t('overdue.failed')));
    }
  }

  private render(): void {
    fill(this.trouble);
    fill(this.more, this.publicity(), this.listings(), this.elsewhere());
    if (this.failure) {
      const denied = this.failure instanceof ApiError && [401, 403].includes(this.failure.status);
      fill(this.chips);
      fill(this.body, denied ? h('p', {class: 'note'}, t('overdue.denied')) : [problemBox(this.failure, t('overdue.failed')), h('button', {type: 'button', class: 'plain', onclick: () => void this.read()}, t('retry'))]);
      return;
    }
    const {law, internal} = this;
    if (!law || !internal) return;
    fill(this.chips, STATUSES.map((one) => h('button', {type: 'button', class: one, 'aria-pressed': String(one === this.status), 'data-testid': `due-${one}`, onclick: () => {
      this.status = one;
      void this.read();
    }}, term('deadline.status.', one), ' ', h('b', {}, law.counts[one] ?? 0))));
    fill(this.body, this.group(law), this.group(internal));
  }

  private group(clocks: Clocks): HTMLElement | null {
    const total = clocks.counts[this.status] ?? clocks.list.length;
    if (clocks.internal && total === 0) return null;
    const cards = [
      clocks.list.length ? h('ul', {class: 'cards'}, clocks.list.map((one) => this.row(one))) : h('p', {class: 'muted'}, t(this.status === 'overdue' ? 'overdue.none' : 'due.none')),
      clocks.next ? h('button', {type: 'button', class: 'plain', onclick: () => void this.readMore(clocks)}, t('more')) : null,
    ];
    if (clocks.internal) {
      return h('details', {class: 'fold internal', 'data-testid': 'due-internal'}, h('summary', {}, t('due.internal', {n: total, status: term('deadline.status.', this.status)})),
        h('p', {class: 'muted small'}, t('record.internal.hint')), cards);
    }
    return h('div', {'data-testid': 'due-law'}, h('p', {class: 'muted'}, t('due.law', {n: total, status: term('deadline.status.', this.status)})), cards);
  }

  private row(one: Deadline): HTMLElement {
    const {subject} = one;
    const farmland = /farmland/.test(subject?.register ?? '');
    const opens = !!subject?.id && (farmland || subject.register === 'site');
    return h('li', {}, h('button', {
      type: 'button', class: 'card', disabled: !opens,
      onclick: () => void this.record.open(farmland ? 'farmland' : 'site', subject?.id ?? '', null, true),
    },
      h('span', {class: 'head'}, h('b', {}, subject?.name ?? subject?.code ?? ''),
        one.days_overdue ? h('span', {class: 'state overdue'}, t('overdue.days', {n: one.days_overdue})) : h('span', {class: `state ${one.status ?? ''}`}, term('deadline.status.', one.status))),
      h('span', {class: 'small'}, pick(one, 'rule')),
      h('span', {class: 'muted small'}, [t(this.status === 'overdue' ? 'overdue.due' : 'due.on', {on: one.due_on ?? ''}), actor(one, 'responsible') ? `${t('overdue.responsible')} ${actor(one, 'responsible')}` : ''].filter(Boolean).join(' · '))));
  }

  /** What is not public yet, by whoever owes it. */
  private publicity(): HTMLElement | null {
    if (!this.unmet) return null;
    return section(t('due.publicity'), this.unmet.length === 0 ? h('p', {class: 'muted'}, t('due.publicity.none'))
      : h('table', {class: 'figures', 'data-testid': 'unmet'},
        h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, t('due.publicity.who')), h('th', {scope: 'col'}, t('due.publicity.unmet')), h('th', {scope: 'col'}, t('due.publicity.overdue')), h('th', {scope: 'col'}, t('due.publicity.oldest')))),
        h('tbody', {}, this.unmet.map((one) => h('tr', {},
          h('th', {scope: 'row'}, [one.division_zh || one.division_code, ' ', h('span', {class: 'muted'}, pick(one, 'owed_by'))]),
          h('td', {}, one.unmet ?? 0), h('td', {class: one.overdue ? 'overdue' : ''}, one.overdue ?? 0), h('td', {class: 'mono'}, one.oldest_due_on ?? ''))))));
  }

  /** The three lists with what a bureau takes from them. */
  private listings(): HTMLElement | null {
    if (!this.lists?.length) return null;
    const file = (list: string, format: string) => {
      const path = `v1/lists/${list}?format=${format}${this.on}`;
      return h('button', {type: 'button', class: 'link', 'data-testid': `list-${list}-${format}`, onclick: () =>
        void fetchFile(path, `${term('list.', list)}-${this.day.value || t('due.today')}.${format}`).catch((error: unknown) => fill(this.trouble, problemBox(error, t('due.file.failed'))))}, format.toUpperCase());
    };
    return section(t('due.lists'), h('ul', {class: 'listings', 'data-testid': 'listings'}, this.lists.map((one) => {
      const holder = this.entries.get(one.list) ?? h('div', {});
      this.entries.set(one.list, holder);
      const open = one.sites !== null && one.sites !== undefined;
      return h('li', {},
        h('p', {}, h('b', {}, pick(one, 'title')), open ? inBrackets(t('due.lists.now', {n: one.sites ?? 0})) : inBrackets(t('due.lists.closed'))),
        open ? h('p', {class: 'small'}, ['high', 'medium', 'low'].flatMap((grade) => (one.by_grade ?? []).filter(({risk_grade}) => risk_grade === grade)).map(({risk_grade, sites}) => `${t('record.grade')} ${term('grade.', risk_grade)} ${sites ?? 0}`).join(' · ')) : null,
        open ? h('p', {class: 'small'}, t('due.lists.asof', {on: this.day.value || t('due.today')}), ' ',
          h('button', {type: 'button', class: 'link', 'data-testid': `list-${one.list}`, onclick: () => void this.showList(one.list, holder)}, t('due.lists.show')), ' ', file(one.list, 'csv'), ' ', file(one.list, 'xlsx'), ' ', file(one.list, 'geojson')) : null,
        holder);
    })));
  }

  private async showList(list: string, holder: HTMLElement): Promise<void> {
    if (holder.firstChild) {
      fill(holder);
      return;
    }
    fill(holder, loading());
    try {
      const page = await getJson<{features?: Array<{id?: string; properties?: Record<string, unknown>}>; links?: Array<{rel?: string}>}>(`v1/lists/${list}?limit=200${this.on}`);
      const sites = page.features ?? [];
      fill(holder,
        h('p', {class: 'muted small'}, t(page.links?.some(({rel}) => rel === 'next') ? 'due.lists.first' : 'due.lists.count', {n: sites.length})),
        h('ul', {class: 'names'}, sites.map(({id, properties: p = {}}) => h('li', {},
          h('button', {type: 'button', class: 'link', onclick: () => void this.record.open('site', String(id ?? ''), null, true)}, String(p['name'] ?? p['code'] ?? '')),
          h('span', {class: 'muted small'}, ` ${[p['risk_grade'] ? term('grade.', p['risk_grade']) : '', p['entered_on'] ? t('record.lists.since', {on: String(p['entered_on'])}) : ''].filter(Boolean).join(' · ')}`)))));
    } catch (error) {
      fill(holder, problemBox(error, t('due.file.failed')));
    }
  }

  /** What is read elsewhere: pages for everybody as links, what takes a key as files. */
  private elsewhere(): HTMLElement {
    const link = (href: string, key: Parameters<typeof t>[0]) => h('li', {}, h('a', {href, target: '_blank'}, t(key)));
    const file = (path: string, name: string, key: Parameters<typeof t>[0], id: string) => h('li', {}, h('button', {type: 'button', class: 'link', 'data-testid': id, onclick: () =>
      void fetchFile(path, name).catch((error: unknown) => fill(this.trouble, problemBox(error, t('due.file.failed'))))}, t(key)));
    return section(t('due.elsewhere'), h('ul', {class: 'elsewhere', 'data-testid': 'elsewhere'},
      link('rules', 'due.rules'), link('v1/rules/site-life-cycle.svg', 'due.cycle'), link('publicity', 'due.publicity.page'),
      apiKey() ? file(`v1/deadlines.ics?status=overdue,due_soon,open${this.on}`, 'jingtu-deadlines.ics', 'due.ics', 'ics') : null,
      file('v1/changes?f=atom', 'jingtu-changes.xml', 'due.feed', 'feed')));
  }
}

/** The path below our own server of the next page; links elsewhere are not followed. */
function nextOf(answer: Page): string {
  const href = answer.links?.find(({rel}) => rel === 'next')?.href ?? '';
  const at = href.indexOf('v1/deadlines');
  return at < 0 ? '' : href.slice(at);
}
