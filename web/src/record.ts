// The record of a site or a farmland unit: what it is, what is due, what may come next, what happened.
import {ApiError, getJson} from './api';
import {citations} from './citations';
import {byId, fill, h, loading, rows, section} from './dom';
import {problemBox} from './errors';
import {actor, area, instant, textOf} from './format';
import {boxOf} from './geo';
import {onLang, pick, t, term} from './i18n';
import {CLASS_COLOURS, STAGE_COLOURS, type Found, type RegisterMap} from './map';
import type {Citation, Deadline, RecordFeature, SiteEvent} from './types';

type Kind = 'site' | 'farmland';

interface Shown {
  kind: Kind;
  id: string;
  state: 'loading' | 'record' | 'tile' | 'failed';
  feature: RecordFeature | null;
  failure: unknown;
  events: SiteEvent[] | null;
  eventsFailure: unknown;
}

/** The card of one record over the map. */
export class RecordCard {
  private readonly card = byId('record');
  private shown: Shown | null = null;
  private asked: AbortController | null = null;
  private returnTo: HTMLElement | null = null;

  constructor(private readonly map: RegisterMap, private readonly opened: () => void) {
    onLang(() => this.render());
    this.card.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
  }

  /** Opens what was found on the map; its tile serves where the full record is not open to the caller. */
  openFound(found: Found): Promise<void> {
    const kind: Kind = found.collection === 'farmland' ? 'farmland' : 'site';
    return this.open(kind, found.id, {type: 'Feature', properties: found.properties, geometry: found.geometry});
  }

  /** Opens a record by its id and, when asked, brings it into view. */
  async open(kind: Kind, id: string, tile: RecordFeature | null = null, zoom = false): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    if (this.card.hidden) this.returnTo = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const shown: Shown = (this.shown = {kind, id, state: 'loading', feature: tile, failure: null, events: null, eventsFailure: null});
    this.map.select(tile?.geometry ?? null);
    this.card.hidden = false;
    this.card.scrollTop = 0;
    this.opened();
    this.render();
    const path = `${kind === 'site' ? 'v1/sites' : 'v1/farmland-units'}/${encodeURIComponent(id)}`;
    try {
      shown.feature = await getJson<RecordFeature>(path, {signal: asked.signal});
      shown.state = 'record';
    } catch (error) {
      if (asked.signal.aborted) return;
      shown.failure = error;
      const hidden = error instanceof ApiError && [401, 403, 404].includes(error.status);
      shown.state = hidden && tile ? 'tile' : 'failed';
    }
    if (asked.signal.aborted) return;
    this.map.select(shown.feature?.geometry ?? null);
    if (zoom) {
      const box = boxOf(shown.feature?.geometry);
      if (box) this.map.fit(box);
    }
    this.render();
    if (shown.state !== 'record' || kind !== 'site') return;
    try {
      const {events = []} = await getJson<{events?: SiteEvent[]}>(`${path}/events`, {signal: asked.signal});
      shown.events = events;
    } catch (error) {
      if (asked.signal.aborted) return;
      shown.eventsFailure = error;
    }
    if (!asked.signal.aborted) this.render();
  }

  close(): void {
    this.asked?.abort();
    this.shown = null;
    this.card.hidden = true;
    this.map.select(null);
    this.returnTo?.focus({preventScroll: true});
  }

  /** Reads the open record again, for a caller with other rights. */
  reload(): void {
    if (this.shown) void this.open(this.shown.kind, this.shown.id, this.shown.feature);
  }

  private render(): void {
    const shown = this.shown;
    if (!shown) return;
    const p = shown.feature?.properties ?? {};
    const name = text(p['name']) || text(p['code']) || t('record.unnamed');
    fill(this.card,
      h('header', {},
        h('div', {}, h('h2', {'data-testid': 'record-name'}, name), h('p', {class: 'sub'}, badge(shown.kind, p), text(p['code']) !== name ? h('span', {class: 'mono'}, text(p['code'])) : null)),
        h('button', {type: 'button', class: 'close', title: t('close'), 'aria-label': t('close'), onclick: () => this.close()}, '×')),
      shown.state === 'loading' ? loading() : null,
      shown.state === 'failed' ? problemBox(shown.failure, t('record.failed')) : null,
      shown.state === 'tile' ? h('p', {class: 'note'}, t('record.tileonly')) : null,
      shown.state === 'failed' ? null : this.body(shown, p));
  }

  private body(shown: Shown, p: Record<string, unknown>): Array<HTMLElement | null> {
    const user = p['land_user'] as Record<string, unknown> | null | undefined;
    const division = [pick(p, 'division_name'), text(p['division_code'])].filter(Boolean).join(' ');
    const common = rows(shown.kind === 'site' ? [
      [t('record.stage'), pick(p, 'stage') && stage(p)],
      [t('record.grade'), p['risk_grade'] ? term('grade.', p['risk_grade']) : ''],
      [t('record.area'), area(p['area_m2'], p['area_mu'])],
      [t('record.division'), division],
      [t('record.address'), text(p['address'])],
      [t('record.land_user'), user ? [text(user['name']), user['credit_code'] ? h('span', {class: 'mono small muted'}, ` ${text(user['credit_code'])}`) : null] : ''],
      [t('record.industry'), [text(p['former_industry']), pick(p, 'former_industry_name')].filter(Boolean).join(' ')],
      [t('record.basis'), pick(p, 'basis') || textOf(p['basis'])],
    ] : [
      [t('record.class'), term('class.', p['class'])],
      [t('record.area'), area(p['area_m2'], p['area_mu'])],
      [t('record.land_type'), term('land_type.', p['land_type'])],
      [t('record.crop'), pick(p, 'crop')],
      [t('record.pbf'), typeof p['pbf'] === 'boolean' ? t(p['pbf'] ? 'yes' : 'no') : ''],
      [t('record.division'), division],
      [t('record.township'), text(p['township'])],
      [t('record.village'), text(p['village'])],
    ]);
    const deadlines = list<Deadline>(p['deadlines']);
    const next = list<{type?: string; actors?: string[]; citations?: Citation[]}>(p['next_steps']);
    const restrictions = list<{citations?: Citation[]}>(p['restrictions']);
    return [
      common,
      shown.feature?.geometry ? h('p', {}, h('button', {type: 'button', class: 'plain', onclick: () => {
        const box = boxOf(shown.feature?.geometry);
        if (box) this.map.fit(box);
      }}, t('record.zoom'))) : null,
      deadlines.length ? section(t('record.deadlines'), deadlines.map(deadline)) : null,
      restrictions.length ? section(t('record.restrictions'), h('ul', {class: 'items'}, restrictions.map((one) => h('li', {}, pick(one, 'title') || textOf(one), one.citations?.length ? citations(one.citations) : null)))) : null,
      next.length ? section(t('record.next'), h('ul', {class: 'items'}, next.map((one) => h('li', {},
        pick(one, 'title') || pick(one, 'type') || textOf(one), list<string>(one.actors).map((role) => h('span', {class: 'tag'}, term('role.', role))),
        one.citations?.length ? citations(one.citations) : null)))) : null,
      shown.state === 'record' && shown.kind === 'site' ? this.history(shown) : null,
    ];
  }

  private history(shown: Shown): HTMLElement | null {
    if (shown.eventsFailure) {
      const hidden = shown.eventsFailure instanceof ApiError && [401, 403, 404].includes(shown.eventsFailure.status);
      return section(t('record.events'), hidden ? h('p', {class: 'muted'}, t('record.events.hidden')) : problemBox(shown.eventsFailure, t('record.events.failed')));
    }
    if (!shown.events) return section(t('record.events'), loading());
    if (shown.events.length === 0) return null;
    return section(t('record.events'), h('ol', {class: 'history', 'data-testid': 'events'}, [...shown.events].reverse().map((one) => h('li', {},
      h('b', {}, one.occurred_on ?? ''), ' ', pick(one, 'title') || pick(one, 'type'),
      h('span', {class: 'muted small'}, [`#${one.seq ?? ''}`, actor(one, 'actor'), one.recorded_at ? t('record.recorded', {at: instant(one.recorded_at)}) : ''].filter(Boolean).join(' · ')),
      one.hash ? h('code', {class: 'hash', title: one.hash}, one.hash.slice(0, 12)) : null))));
  }
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

function stage(p: Record<string, unknown>): string {
  const said = p['stage_zh'] || p['stage_en'] ? pick(p, 'stage') : '';
  return said && said !== p['stage'] ? said : term('stage.', p['stage']);
}

function badge(kind: Kind, p: Record<string, unknown>): HTMLElement | null {
  const value = text(p[kind === 'site' ? 'stage' : 'class']);
  if (!value) return null;
  const mark = h('span', {class: 'badge'}, kind === 'site' ? stage(p) : term('class.', value));
  mark.style.setProperty('--c', (kind === 'site' ? STAGE_COLOURS : CLASS_COLOURS)[value] ?? '#667a88');
  return mark;
}

/** One running or finished clock. */
function deadline(one: Deadline): HTMLElement {
  const why = list<unknown>(one.why);
  return h('div', {class: `deadline ${/^[a-z_]+$/.test(one.status ?? '') ? one.status : ''}`},
    h('p', {}, h('b', {}, pick(one, 'title') || pick(one, 'rule')), h('span', {class: 'state'}, term('deadline.status.', one.status))),
    h('p', {}, t('deadline.due'), ' ', h('b', {class: 'mono'}, one.due_on ?? ''),
      h('span', {class: 'muted small'}, ' ', [
        one.nominal_due_on && one.nominal_due_on !== one.due_on ? t('deadline.nominal', {on: one.nominal_due_on}) : '',
        one.start_on ? t('deadline.start', {on: one.start_on}) : '',
      ].filter(Boolean).join(' · '))),
    one.provisional ? h('p', {class: 'warnline'}, t('deadline.provisional')) : null,
    why.length ? h('details', {}, h('summary', {}, t('deadline.why')), h('ol', {}, why.map((step) => h('li', {}, textOf(step))))) : null);
}
