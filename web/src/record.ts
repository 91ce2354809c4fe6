// The record of a site or a farmland unit: what it is, what is due, what may come next, what happened.
import {ApiError, getJson} from './api';
import {byId, fill, h, loading, rows} from './dom';
import {problemBox} from './errors';
import {area, textOf} from './format';
import {boxOf} from './geo';
import {onLang, pick, t, term} from './i18n';
import {type Found, type RegisterMap} from './map';
import {SiteSheet, stageText, type Surroundings} from './site';
import type {RecordFeature} from './types';

type Kind = 'site' | 'farmland';

interface Shown {
  kind: Kind;
  id: string;
  state: 'loading' | 'record' | 'tile' | 'failed';
  feature: RecordFeature | null;
  failure: unknown;
  /** Of a site only. */
  sheet: SiteSheet | null;
  /** What was done last. */
  said: string;
}

/** The card of one record over the map. */
export class RecordCard {
  private readonly card = byId('record');
  private shown: Shown | null = null;
  private asked: AbortController | null = null;
  private returnTo: HTMLElement | null = null;

  constructor(private readonly map: RegisterMap, private readonly around: Omit<Surroundings, 'recorded'> & {changed?: () => void}, private readonly opened: () => void) {
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
    const same = this.shown?.kind === kind && this.shown.id === id ? this.shown : null;
    const sheet = kind === 'farmland' ? null : same?.sheet ?? new SiteSheet(id, {...this.around, recorded: (said) => this.recorded(said)});
    const shown: Shown = (this.shown = {kind, id, state: 'loading', feature: tile, failure: null, sheet, said: same?.said ?? ''});
    this.map.select(tile?.geometry ?? null);
    this.card.hidden = false;
    if (!same) this.card.scrollTop = 0;
    this.opened();
    // While a record that is shown already is read again, it stays as it is.
    if (!same || same.state !== 'record') this.render();
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
    if (shown.state === 'record' && shown.sheet && shown.feature) await shown.sheet.read(shown.feature.properties, asked.signal);
  }

  /** After something was recorded: says so, and reads the record as it is now. */
  private recorded(said: string): void {
    const {shown} = this;
    if (!shown) return;
    shown.said = said;
    this.card.scrollTop = 0;
    void this.open(shown.kind, shown.id, shown.feature).then(() => this.card.querySelector<HTMLElement>('.said')?.focus({preventScroll: true}));
    this.around.changed?.();
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

  /** Forgets what another caller was shown, and reads the record as the new one may see it. */
  reset(): void {
    const {shown} = this;
    if (!shown) return;
    this.shown = null;
    void this.open(shown.kind, shown.id);
  }

  private render(): void {
    const shown = this.shown;
    if (!shown) return;
    const p = shown.feature?.properties ?? {};
    const name = text(p['name']) || text(p['code']) || t('record.unnamed');
    fill(this.card,
      h('header', {},
        h('div', {}, h('h2', {'data-testid': 'record-name'}, name), h('p', {class: 'sub'}, badge(shown.kind, p, this.map), text(p['code']) !== name ? h('span', {class: 'mono'}, text(p['code'])) : null)),
        h('button', {type: 'button', class: 'close', title: t('close'), 'aria-label': t('close'), onclick: () => this.close()}, '×')),
      shown.said ? h('p', {class: 'said', role: 'status', tabindex: '-1', 'data-testid': 'said'}, shown.said) : null,
      shown.state === 'loading' ? loading() : null,
      shown.state === 'failed' ? problemBox(shown.failure, t('record.failed')) : null,
      shown.state === 'tile' ? h('p', {class: 'note'}, t('record.tileonly')) : null,
      shown.state === 'failed' ? null : this.body(shown, p));
  }

  private body(shown: Shown, p: Record<string, unknown>): Array<HTMLElement | null> {
    const user = p['land_user'] as Record<string, unknown> | null | undefined;
    const division = [pick(p, 'division_name'), text(p['division_code'])].filter(Boolean).join(' ');
    const common = rows(shown.kind === 'site' ? [
      [t('record.stage'), stageText(p)],
      [t('record.since'), text(p['stage_since'])],
      [t('record.assessed'), p['assessed_class'] ? term('assessed.', p['assessed_class']) : ''],
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
    return [
      shown.state === 'record' && shown.sheet ? shown.sheet.alerts(p) : null,
      common,
      shown.feature?.geometry ? h('p', {}, h('button', {type: 'button', class: 'plain', onclick: () => {
        const box = boxOf(shown.feature?.geometry);
        if (box) this.map.fit(box);
      }}, t('record.zoom'))) : null,
      ...(shown.state === 'record' && shown.sheet && shown.feature ? shown.sheet.sections(shown.feature) : []),
    ];
  }
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
function badge(kind: Kind, p: Record<string, unknown>, map: RegisterMap): HTMLElement | null {
  const value = text(p[kind === 'site' ? 'stage' : 'class']);
  if (!value) return null;
  const mark = h('span', {class: 'badge'}, kind === 'site' ? stageText(p) : term('class.', value));
  mark.style.setProperty('--c', map.colourOf(value));
  return mark;
}
