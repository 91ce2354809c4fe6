// The written notices of a site: which were issued, what they say, how they were served; and the forms that issue and serve.
import {ApiError, Once, fetchFile, getJson} from './api';
import {citations} from './citations';
import {fill, h, loading, section} from './dom';
import {problemBox} from './errors';
import {NOTHING_AROUND, documentOf, formBox, type Ask} from './form';
import {lang, pick, t, term} from './i18n';
import {kindsAt, wireValue, type Entered} from './steps';
import type {Citation, Notice, NoticeKind} from './types';

interface Catalogue {
  kinds?: NoticeKind[];
  service_ways?: string[];
}

/** The section of a record that is about its notices. */
export class NoticeSection {
  readonly element = h('div', {'data-testid': 'notices'});
  private readonly once = new Once();
  private notices: Notice[] | null = null;
  private catalogue: Catalogue = {};
  private failure: unknown = null;
  /** What was typed, by form, so that it outlives a change of language. */
  private readonly typed = new Map<string, Entered>();
  private readonly unfolded = new Set<string>();
  private kind = '';

  constructor(private readonly site: string, private readonly today: () => string, private readonly role: () => string, private readonly changed: (said: string) => void) {}

  /** Reads the notices and shows them as the site stands. */
  async read(stage: string, signal?: AbortSignal): Promise<void> {
    if (!this.notices) fill(this.element, section(t('notice.title'), loading()));
    try {
      const [page, catalogue] = await Promise.all([
        getJson<{notices?: Notice[]}>(`v1/notices?site=${encodeURIComponent(this.site)}&limit=100`, {signal}),
        getJson<Catalogue>('v1/notices/catalogue', {signal}),
      ]);
      this.notices = page.notices ?? [];
      this.catalogue = catalogue;
      this.failure = null;
    } catch (error) {
      if (signal?.aborted) return;
      this.failure = error;
    }
    this.render(stage);
  }

  render(stage: string): void {
    if (this.failure) {
      const hidden = this.failure instanceof ApiError && [401, 403, 404].includes(this.failure.status);
      fill(this.element, hidden ? null : section(t('notice.title'), problemBox(this.failure, t('notice.failed'))));
      return;
    }
    if (!this.notices) return;
    const kinds = kindsAt(this.catalogue.kinds ?? [], stage, this.role());
    if (!this.notices.length && !kinds.length) {
      fill(this.element);
      return;
    }
    fill(this.element, section(t('notice.title'),
      this.notices.length ? h('ul', {class: 'papers'}, this.notices.map((one) => this.notice(one))) : h('p', {class: 'muted'}, t('notice.none')),
      kinds.length ? this.issue(kinds) : null));
  }

  private entered(name: string, first: Entered): Entered {
    const known = this.typed.get(name);
    if (known) return known;
    this.typed.set(name, first);
    return first;
  }

  private fold(name: string, title: string, ...inside: Array<HTMLElement | null>): HTMLElement {
    const box = h('details', {class: 'fold', 'data-testid': `fold-${name}`, open: this.unfolded.has(name)}, h('summary', {}, title), h('div', {}, inside));
    box.addEventListener('toggle', () => (box.open ? this.unfolded.add(name) : this.unfolded.delete(name)));
    return box;
  }

  /** The button that makes a notice, with what the kind chosen asks for. */
  private issue(kinds: Array<NoticeKind & {citations: Citation[]}>): HTMLElement {
    if (!kinds.some(({kind}) => kind === this.kind)) this.kind = kinds[0]!.kind;
    const holder = h('div', {});
    const build = () => {
      const kind = kinds.find(({kind}) => kind === this.kind)!;
      const entered = this.entered(`issue-${kind.kind}`, {issued_on: this.today()});
      const asks = (): Ask[] => [
        {field: 'issued_on', label: t('field.issued_on'), needed: true},
        ...(kind.due_on === 'no' ? [] : [{field: 'due_on', label: t('field.due_on'), needed: kind.due_on === 'required'}]),
        {field: 'reason', label: t(kind.kind === 'return' ? 'notice.reason.return' : 'field.reason'), needed: kind.needs_reason === true},
        ...(kind.other_recipient ? [{field: 'recipient', label: t('notice.recipient'), needed: false}] : []),
        {field: 'contact', label: t('notice.contact'), needed: false, hint: t('notice.contact.hint')},
      ];
      fill(holder,
        kind.citations.length ? citations(kind.citations) : null,
        kind.clock ? h('p', {class: 'muted small'}, t('notice.clock', {rule: term('clock.', kind.clock)})) : null,
        formBox({
          id: 'notice-form', entered, around: NOTHING_AROUND, asks, submit: t('notice.issue'), failed: t('notice.issue.failed'),
          send: async () => {
            const body: Record<string, unknown> = {site_id: this.site, kind: kind.kind};
            for (const {field} of asks()) {
              const value = wireValue(field, entered[field]);
              if (value !== undefined) body[field] = value;
            }
            const made = await this.once.post<Notice>('v1/notices', body);
            this.typed.delete(`issue-${kind.kind}`);
            this.unfolded.delete('notice-new');
            this.unfolded.add(`notice-${made.id}`);
            this.changed(t('notice.issued', {number: made.number ?? ''}));
          },
        }));
    };
    const select = h('select', {id: 'notice-kind', 'data-testid': 'notice-kind', onchange: () => {
      this.kind = select.value;
      build();
    }}, kinds.map((one) => h('option', {value: one.kind}, pick(one, 'title'))));
    select.value = this.kind;
    build();
    return this.fold('notice-new', t('notice.new'), h('div', {class: 'field'}, h('label', {for: 'notice-kind'}, t('notice.kind')), select), holder);
  }

  private notice(one: Notice): HTMLElement {
    const answer = h('div', {});
    const open = (path: string, save = '') => fetchFile(path, save).catch((error: unknown) => fill(answer, problemBox(error, t('notice.paper.failed'))));
    const path = `v1/notices/${encodeURIComponent(one.id)}`;
    const live = one.status === 'issued' || one.status === 'served';
    return h('li', {'data-testid': 'notice', class: one.status === 'void' ? 'void' : ''},
      this.fold(`notice-${one.id}`, `${pick(one, 'title')} ${one.number ?? ''}`,
        lang() === 'en' && one.summary_en ? h('p', {class: 'small'}, one.summary_en) : null,
        one.text_zh ? h('pre', {class: 'papertext', lang: 'zh-CN', tabindex: '0', 'aria-label': t('notice.text')}, one.text_zh) : null,
        one.to_check?.length ? h('div', {}, one.to_check.map((check) => h('p', {class: 'warnline'}, pick(check, 'text')))) : null,
        one.citations?.length ? citations(one.citations) : null,
        live ? this.service(one, path) : null,
        one.status === 'issued' ? this.voiding(one, path) : null),
      h('p', {class: 'small'}, h('span', {class: `state ${one.status ?? ''}`}, pick(one, 'status')),
        [one.issued_on ? t('notice.on', {on: one.issued_on}) : '', one.recipient ?? '', one.received_on ? t('notice.received', {on: one.received_on, how: one.served_how ?? ''}) : one.served_on ? t('notice.served', {on: one.served_on, how: one.served_how ?? ''}) : '',
          one.due?.due_on ? `${t('deadline.due')} ${one.due.due_on}` : '', one.void_reason ?? ''].filter(Boolean).map((part) => ` · ${part}`)),
      h('p', {class: 'small'},
        h('button', {type: 'button', class: 'link', 'data-testid': 'notice-pdf', onclick: () => void open(`${path}/notice.pdf`)}, t('notice.pdf')), ' ',
        h('button', {type: 'button', class: 'link', onclick: () => void open(`${path}/text`, `${one.number ?? one.id}.txt`)}, t('notice.save'))),
      answer);
  }

  private service(one: Notice, path: string): HTMLElement {
    const entered = this.entered(`serve-${one.id}`, {served_on: one.served_on ?? this.today(), received_on: '', served_how: one.served_how ?? ''});
    const asks = (): Ask[] => [
      {field: 'served_how', label: t('field.served_how'), needed: !one.served_how},
      {field: 'served_on', label: t('notice.served_on'), needed: !one.served_on, widget: {kind: 'day'}},
      {field: 'received_on', label: t('field.received_on'), needed: false, hint: t('notice.received.hint')},
      {field: 'document_id', label: t('notice.proof'), needed: true},
    ];
    return this.fold(`serve-${one.id}`, t('notice.serve'), formBox({
      id: `serve-${one.id}`, entered, around: NOTHING_AROUND, asks, submit: t('notice.serve.submit'), failed: t('notice.serve.failed'),
      send: async () => {
        const document = await documentOf(entered, 'document_id', t('notice.proof'));
        const body: Record<string, unknown> = {...(document ? {document_id: document} : {})};
        for (const field of ['served_how', 'served_on', 'received_on']) {
          const value = wireValue(field, entered[field]);
          if (value !== undefined) body[field] = value;
        }
        const now = await this.once.post<Notice>(`${path}/service`, body);
        this.typed.delete(`serve-${one.id}`);
        this.changed(t(now.received_on ? 'notice.done.received' : 'notice.done.served', {number: now.number ?? '', on: now.due?.due_on ?? ''}));
      },
    }));
  }

  private voiding(one: Notice, path: string): HTMLElement {
    const entered = this.entered(`void-${one.id}`, {});
    return this.fold(`void-${one.id}`, t('notice.void'), formBox({
      id: `void-${one.id}`, entered, around: NOTHING_AROUND, asks: () => [{field: 'reason', label: t('field.reason'), needed: true}],
      submit: t('notice.void.submit'), failed: t('notice.void.failed'),
      send: async () => {
        await this.once.post(`${path}/void`, {reason: wireValue('reason', entered['reason'])});
        this.typed.delete(`void-${one.id}`);
        this.changed(t('notice.voided', {number: one.number ?? ''}));
      },
    }));
  }
}
