// What the record of a site shows beside its attributes: what may be done now as forms, its clocks, what has to be public,
// its notices, its lists and restrictions, who is liable, and what happened.
import {ApiError, Once, fetchFile, getJson} from './api';
import {citations} from './citations';
import {STAGE_CODES} from './codes';
import {fill, h, loading, section} from './dom';
import {problemBox} from './errors';
import {documentOf, formBox, type Around, type Ask} from './form';
import {actor, inBrackets, instant, textOf} from './format';
import {lang, pick, t, term} from './i18n';
import {NoticeSection} from './notices';
import {WIDGETS, eventOf, fieldsAsked, isAside, type Entered, type PartyTyped} from './steps';
import type {Area, Citation, Deadline, Duty, RecordFeature, SiteEvent, StepAsked} from './types';

/** What a sheet needs of the page around it. */
export interface Surroundings {
  today(): string;
  role(): string;
  drawOutline(take: (outline: Area) => void): void;
  /** Reads the record again after something was recorded, and says what. */
  recorded(said: string): void;
}

type Properties = Record<string, unknown>;

const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const hidden = (error: unknown): boolean => error instanceof ApiError && [401, 403, 404].includes(error.status);
const running = ({status}: Deadline): boolean => ['open', 'due_soon', 'overdue', 'suspended'].includes(status ?? '');

/** The stage of a site in words, with its number in the procedure (C0 to C14). */
export function stageText(p: Properties): string {
  const said = p['stage_zh'] || p['stage_en'] ? pick(p, 'stage') : '';
  const name = said && said !== p['stage'] ? said : term('stage.', p['stage']);
  const code = STAGE_CODES[`${text(p['stage'])}${p['mode'] ? `/${text(p['mode'])}` : ''}`] ?? STAGE_CODES[text(p['stage'])];
  return name && code ? `${code} ${name}` : name;
}

/** The sheet of one site; it outlives the record's being read again, and with it what was typed and unfolded. */
export class SiteSheet {
  readonly notices: NoticeSection;
  /** Filled when they are read, so that a form in use is left alone. */
  private readonly publicityBox = h('div', {});
  private readonly historyBox = h('div', {});
  private events: SiteEvent[] | null = null;
  private eventsFailure: unknown = null;
  private duties: Duty[] | null = null;
  private readonly once = new Once();
  private readonly typed = new Map<string, Entered>();
  private readonly unfolded = new Set<string>();

  constructor(readonly id: string, private readonly around: Surroundings) {
    this.notices = new NoticeSection(id, around.today, around.role, around.recorded);
  }

  /** Reads what the record itself does not carry, and shows it in its place. */
  async read(p: Properties, signal: AbortSignal): Promise<void> {
    const path = `v1/sites/${encodeURIComponent(this.id)}`;
    const events = getJson<{events?: SiteEvent[]}>(`${path}/events`, {signal}).then((log) => {
      this.events = log.events ?? [];
      this.eventsFailure = null;
    }, (error: unknown) => {
      this.eventsFailure = error;
    });
    // The record names what is owed; this adds what is on display, to whoever may read it.
    const duties = getJson<{duties?: Duty[]}>(`v1/publicity?subject=${encodeURIComponent(this.id)}&limit=200`, {signal}).then((page) => {
      this.duties = page.duties ?? [];
    }, () => {
      this.duties = null;
    });
    await Promise.all([events, duties, this.notices.read(text(p['stage']), signal)]);
    if (signal.aborted) return;
    fill(this.publicityBox, this.publicity(p));
    fill(this.historyBox, this.history());
  }

  /** The sections, in the order in which an officer needs them. */
  sections(feature: RecordFeature): Array<HTMLElement | null> {
    const p = feature.properties;
    this.notices.render(text(p['stage']));
    fill(this.publicityBox, this.publicity(p));
    fill(this.historyBox, this.history());
    return [
      this.steps(p),
      this.clocks(list<Deadline>(p['deadlines'])),
      this.notices.element,
      this.publicityBox,
      this.restrictions(p),
      this.lists(p),
      this.liable(p),
      this.historyBox,
    ];
  }

  /** What stands over the site, and what the last report lacked: above everything else. */
  alerts(p: Properties): HTMLElement | null {
    const flags = list<string>(p['flags']);
    const said = [
      flags.length ? h('p', {class: 'flagsline', 'data-testid': 'flags'}, flags.map((one) => h('span', {class: 'flag'}, term('flag.', one)))) : null,
      text(p['returned']) ? h('p', {class: 'note', 'data-testid': 'returned'}, h('b', {}, t('record.returned')), text(p['returned'])) : null,
      text(p['controls']) ? h('p', {class: 'note', 'data-testid': 'controls'}, h('b', {}, t('record.controls')), text(p['controls'])) : null,
    ];
    return said.some(Boolean) ? h('div', {class: 'alerts'}, said) : null;
  }

  private fold(name: string, head: Array<Node | string>, inside: () => HTMLElement): HTMLElement {
    const holder = h('div', {});
    const box = h('details', {class: 'fold', 'data-testid': name, open: this.unfolded.has(name)}, h('summary', {}, head), holder);
    // A form is made when it is looked at: a record has a dozen.
    const build = () => {
      if (!holder.firstChild) holder.append(inside());
    };
    if (box.open) build();
    box.addEventListener('toggle', () => {
      if (box.open) {
        this.unfolded.add(name);
        build();
      } else this.unfolded.delete(name);
    });
    return box;
  }

  private steps(p: Properties): HTMLElement | null {
    const steps = list<StepAsked>(p['next_steps']);
    if (!steps.length) return null;
    const one = (step: StepAsked) => this.fold(`step-${step.type}`, [
      h('b', {}, pick(step, 'title') || step.type),
      ...list<string>(step.leads_to).filter((stage) => stage !== p['stage']).slice(0, 3).map((stage) => h('span', {class: 'tag'}, '→ ', term('stage.', stage))),
    ], () => this.step(step, p));
    const [way, aside] = [steps.filter(({type}) => !isAside(type)), steps.filter(({type}) => isAside(type))];
    return section(t('record.next'),
      h('div', {'data-testid': 'steps'},
        way.length ? way.map(one) : h('p', {class: 'muted'}, t('record.next.none')),
        aside.length ? this.fold('steps-aside', [t('record.next.aside', {n: aside.length})], () => h('div', {}, aside.map(one))) : null));
  }

  private step(step: StepAsked, p: Properties): HTMLElement {
    let entered = this.typed.get(step.type);
    if (!entered) {
      entered = {occurred_on: this.around.today()};
      if (step.cases?.length === 1) for (const {field} of step.form ?? []) if (WIDGETS[field]?.kind === 'case') entered[field] = step.cases[0];
      this.typed.set(step.type, entered);
    }
    const clocks = list<Deadline>(p['deadlines']).filter((one) => running(one) && !one.internal);
    const around: Around = {clocks: clocks.length ? clocks : list<Deadline>(p['deadlines']).filter(running), duties: list(p['publicity_owed']), cases: step.cases ?? [], drawOutline: this.around.drawOutline};
    const asks = (now: Entered): Ask[] => [
      {field: 'occurred_on', label: t('field.occurred_on'), needed: true},
      ...fieldsAsked(step, now).map((one) => ({field: one.field, label: pick(one, 'title') || term('field.', one.field), needed: one.needed, ...(one.field === 'document_id' ? {hint: ''} : {})})),
    ];
    return h('div', {},
      h('p', {class: 'small muted'}, [step.rule ? t('step.rule', {rule: step.rule}) : '', list<string>(step.actors).map((role) => term('role.', role)).join(lang() === 'zh' ? '、' : ', ')].filter(Boolean).join(' · ')),
      step.citations?.length ? citations(step.citations) : null,
      formBox({
        id: `form-${step.type}`, entered, around, asks,
        submit: t('step.submit'), failed: t('step.failed'),
        send: async (now) => {
          const document = await documentOf(now, 'document_id', pick(step, 'title') || step.type);
          const event = eventOf(step, {...now, document_id: document});
          await this.once.post(`v1/sites/${encodeURIComponent(this.id)}/events`, event);
          this.typed.delete(step.type);
          this.unfolded.delete(`step-${step.type}`);
          this.around.recorded(t('step.recorded', {title: pick(step, 'title') || step.type}));
        },
      }));
  }

  private clocks(all: Deadline[]): HTMLElement | null {
    if (!all.length) return null;
    const law = all.filter((one) => !one.internal);
    const internal = all.filter((one) => one.internal);
    const past = (those: Deadline[]) => those.filter((one) => !running(one));
    const finished = [...past(law), ...past(internal)];
    const own = internal.filter(running);
    return h('div', {'data-testid': 'clocks'},
      section(t('record.deadlines'),
        law.some(running) ? h('div', {'data-testid': 'clocks-law'}, law.filter(running).map(deadline)) : h('p', {class: 'muted'}, t('record.deadlines.none')),
        own.length ? h('div', {class: 'internal', 'data-testid': 'clocks-internal'}, h('h4', {}, t('record.internal')), h('p', {class: 'muted small'}, t('record.internal.hint')), own.map(deadline)) : null,
        finished.length ? this.fold('clocks-past', [t('record.deadlines.past', {n: finished.length})], () => h('div', {}, finished.map(deadline))) : null));
  }

  private publicity(p: Properties): HTMLElement | null {
    const owed = list<{duty?: string; title_zh?: string; title_en?: string; by?: string; citations?: Citation[]}>(p['publicity_owed']);
    if (!this.duties) {
      if (!owed.length) return null;
      return section(t('record.publicity'), h('ul', {class: 'items', 'data-testid': 'publicity'}, owed.map((one) => h('li', {}, pick(one, 'title'), h('span', {class: 'tag'}, term('role.', one.by)), one.citations?.length ? citations(one.citations) : null))));
    }
    if (!this.duties.length) return null;
    return section(t('record.publicity'), h('ul', {class: 'items', 'data-testid': 'publicity'}, this.duties.map((one) => h('li', {},
      h('span', {class: `state ${one.status ?? ''} ${(one.inside?.days_overdue ?? 0) > 0 ? 'overdue' : ''}`}, term('publicity.', one.status)), ' ', pick(one, 'duty'),
      h('span', {class: 'tag'}, pick(one, 'owed_by')),
      one.inside?.due_on && one.status === 'owed' ? h('p', {class: 'small muted'}, [t('deadline.due'), ' ', one.inside.due_on, one.inside.days_overdue ? inBrackets(t('overdue.days', {n: one.inside.days_overdue})) : '']) : null,
      list<NonNullable<Duty['publications']>[number]>(one.publications).map((each) => h('p', {class: 'small'},
        each.url && /^https?:\/\//.test(each.url) ? h('a', {href: each.url, target: '_blank', rel: 'noopener noreferrer'}, each.channel ?? each.url) : each.channel,
        h('span', {class: 'muted'}, ` ${each.from ?? ''} ${t('publicity.to')} ${each.to ?? t('publicity.open')}`,
          each.public_until_at_least ? inBrackets(t('publicity.least', {on: each.public_until_at_least})) : ''))),
      one.citations?.length ? citations(one.citations) : null))));
  }

  private restrictions(p: Properties): HTMLElement | null {
    const all = list<{id?: string; gate?: string; citations?: Citation[]}>(p['restrictions']);
    const barred = list<{system?: string; code?: string; why?: string | null; since?: string | null; until?: string | null}>(p['negative_list']);
    if (!all.length && !barred.length) return null;
    return h('div', {'data-testid': 'restrictions'},
      all.length ? section(t('record.restrictions'), h('ul', {class: 'items'}, all.map((one) => h('li', {},
        h('span', {class: `gate gate-${/^[a-z_]+$/.test(one.gate ?? '') ? one.gate : ''}`}, term('gate.', one.gate)), ' ', pick(one, 'text') || textOf(one),
        one.citations?.length ? citations(one.citations) : null)))) : null,
      barred.length ? section(t('record.negative'), h('ul', {class: 'items', 'data-testid': 'negative-list'}, barred.map((one) => h('li', {},
        h('b', {class: 'mono'}, one.code ?? ''), ` ${one.system ?? ''}`, one.why ? h('span', {class: 'small'}, ` ${one.why}`) : null,
        one.since || one.until ? h('span', {class: 'muted small'}, ` ${one.since ?? ''} ${t('publicity.to')} ${one.until ?? t('publicity.open')}`) : null)))) : null);
  }

  private lists(p: Properties): HTMLElement | null {
    const on = list<{list?: string; since?: string | null}>(p['lists']);
    if (!on.length) return null;
    return section(t('record.lists'), h('ul', {class: 'items', 'data-testid': 'lists'}, on.map((one) => h('li', {}, pick(one, 'title') || term('list.', one.list),
      h('span', {class: 'muted small'}, ' ', one.since ? t('record.lists.since', {on: one.since}) : t('record.lists.unknown'))))));
  }

  private liable(p: Properties): HTMLElement | null {
    const chain = list<{party?: PartyTyped; since?: string}>(p['liable_parties']);
    if (!chain.length) return null;
    const user = p['land_user'] as PartyTyped | null | undefined;
    return section(t('record.liable'), h('ol', {class: 'chain', 'data-testid': 'liable'},
      user?.name ? h('li', {}, user.name, h('span', {class: 'muted small'}, ' ', t('record.liable.first'))) : null,
      chain.map((one, index) => h('li', {}, index === chain.length - 1 ? h('b', {}, one.party?.name ?? '') : one.party?.name,
        one.party?.credit_code ? h('span', {class: 'mono small muted'}, ` ${one.party.credit_code}`) : null,
        h('span', {class: 'small muted'}, ` ${pick(one, 'ground')} · ${one.since ?? ''}`)))));
  }

  private history(): HTMLElement | null {
    if (this.eventsFailure) {
      return section(t('record.events'), hidden(this.eventsFailure) ? h('p', {class: 'muted'}, t('record.events.hidden')) : problemBox(this.eventsFailure, t('record.events.failed')));
    }
    if (!this.events) return section(t('record.events'), loading());
    if (this.events.length === 0) return null;
    return section(t('record.events'), h('ol', {class: 'history', 'data-testid': 'events'}, [...this.events].reverse().map(entry)));
  }
}

/** An entry of the log; one that was voided is struck through and stays to be read. */
function entry(one: SiteEvent): HTMLElement {
  const voided = one.voided_by !== null && one.voided_by !== undefined;
  const facts = Object.entries(one.payload ?? {}).filter(([name, value]) => name !== 'type' && value !== null && value !== undefined);
  const answer = h('div', {});
  const title = [h('b', {}, one.occurred_on ?? ''), ' ', pick(one, 'title') || pick(one, 'type')];
  return h('li', {class: voided ? 'voided' : ''},
    voided ? h('s', {}, title) : title, voided ? h('span', {class: 'tag'}, t('record.voided', {seq: one.voided_by ?? ''})) : null,
    h('span', {class: 'muted small'}, [`#${one.seq ?? ''}`, actor(one, 'actor'), one.recorded_at ? t('record.recorded', {at: instant(one.recorded_at)}) : ''].filter(Boolean).join(' · ')),
    facts.length ? h('details', {class: 'small'}, h('summary', {}, t('record.facts')), h('dl', {class: 'rows'}, facts.map(([name, value]) => [
      h('dt', {}, term('field.', name)),
      h('dd', {}, name === 'document_id'
        ? h('button', {type: 'button', class: 'link', onclick: () => void fetchFile(`v1/documents/${encodeURIComponent(String(value))}/content`).catch((error: unknown) => fill(answer, problemBox(error, t('record.document.failed'))))}, t('record.document'))
        : fact(name, value))])), answer) : null,
    one.hash ? h('code', {class: 'hash', title: one.hash}, one.hash.slice(0, 12)) : null);
}

/** A fact of an event in words. */
function fact(name: string, value: unknown): string {
  const widget = WIDGETS[name];
  if (widget && 'prefix' in widget) return (Array.isArray(value) ? value : [value]).map((one) => term(widget.prefix, one)).join(lang() === 'zh' ? '、' : ', ');
  if (name === 'stage') return term('stage.', value);
  if (name === 'deadline_rule') return term('clock.', value);
  if (widget?.kind === 'area') return t('record.outline');
  if (widget?.kind === 'party' && value && typeof value === 'object') return [(value as PartyTyped).name, (value as PartyTyped).credit_code].filter(Boolean).join(' ');
  return textOf(value);
}

/** One running or finished clock. */
export function deadline(one: Deadline): HTMLElement {
  const why = list<NonNullable<Deadline['why']>[number]>(one.why);
  const who = term('role.', one.responsible) || actor(one, 'responsible');
  return h('div', {class: `deadline ${/^[a-z_]+$/.test(one.status ?? '') ? one.status : ''}`},
    h('p', {}, h('b', {}, pick(one, 'title') || pick(one, 'rule'), /^\d{4}(-\d{2})?$/.test(one.occasion ?? '') ? inBrackets(one.occasion ?? '') : ''), h('span', {class: 'state'}, term('deadline.status.', one.status))),
    h('p', {}, t('deadline.due'), ' ', h('b', {class: 'mono'}, one.due_on ?? ''),
      h('span', {class: 'muted small'}, ' ', [
        one.nominal_due_on && one.nominal_due_on !== one.due_on ? t('deadline.nominal', {on: one.nominal_due_on}) : '',
        one.start_on ? t('deadline.start', {on: one.start_on}) : '',
        one.closed_on ? t('deadline.closed', {on: one.closed_on}) : '',
        who,
      ].filter(Boolean).join(' · '))),
    one.cause ? h('p', {class: 'small'}, one.cause) : null,
    one.confidence === 'unconfirmed' ? h('p', {class: 'warnline'}, t('result.unconfirmed')) : null,
    one.provisional ? h('p', {class: 'warnline'}, t('deadline.provisional')) : null,
    why.length ? h('details', {}, h('summary', {}, t('deadline.why')), h('ol', {}, why.map((step) => h('li', {}, textOf(step), step.citations?.length ? citations(step.citations) : null)))) : null);
}
