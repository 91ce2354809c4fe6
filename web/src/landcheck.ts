// The land check: a parcel, an operation, a planned use and facts in; the verdict with its reasons out.
import {Once, apiKey, fetchFile, getJson} from './api';
import {citations} from './citations';
import {INDUSTRIES, LAND_USE, OPERATIONS, SURVEY_STATES, SYSTEMS, SYSTEM_NAMES} from './codes';
import {byId, fill, h, loading, rows, section} from './dom';
import type {DrawTool} from './draw';
import {problemBox} from './errors';
import {actor, area, inBrackets, instant, number, register, share, textOf} from './format';
import {boxOf} from './geo';
import {FileRefused, readFile, type Parcel, type Reading} from './geojson';
import {lang, onLang, pick, t, term} from './i18n';
import type {RegisterMap} from './map';
import type {RecordCard} from './record';
import type {Hit, LandCheck, RecordFeature, Rule} from './types';

const MOST_LISTED = 1000;

/** The panel of the land check. */
export class LandCheckPanel {
  private readonly parcelBox = h('div', {class: 'parcel', 'aria-live': 'polite'});
  private readonly fileInput = h('input', {type: 'file', id: 'file', 'data-testid': 'file', accept: '.geojson,.json,application/geo+json,application/json', class: 'offscreen'});
  private readonly operation = select('operation', OPERATIONS.map((one) => [one, `op.${one}`]));
  private readonly system = select('use-system', [['', 'check.use.any']]);
  private readonly code = h('input', {id: 'use-code', 'data-testid': 'use-code', list: 'use-codes', autocomplete: 'off', spellcheck: 'false', maxlength: '12'});
  private readonly codes = h('datalist', {id: 'use-codes'});
  private readonly day = h('input', {type: 'date', id: 'check-day', 'data-testid': 'check-day'});
  private readonly industry = h('input', {id: 'former-industry', 'data-testid': 'former-industry', list: 'industries', autocomplete: 'off', maxlength: '6', i18nPlaceholder: 'check.industry.hint'});
  private readonly industries = h('datalist', {id: 'industries'});
  private readonly survey = select('survey-state', [['', 'unknown'], ...SURVEY_STATES.map((one): [string, string] => [one, `survey.${one}`])]);
  private readonly facts = (['key_unit', 'already_reclaimed', 'in_supply_plan'] as const).map((name) => ({
    name, input: select(name, [['', 'unknown'], ['true', 'yes'], ['false', 'no']]),
  }));
  private readonly reference = h('input', {id: 'reference', 'data-testid': 'reference', maxlength: '120', autocomplete: 'off'});
  private readonly complaint = h('p', {class: 'complaint', role: 'alert', hidden: true});
  private readonly submit = h('button', {type: 'submit', class: 'primary', 'data-testid': 'check'});
  private readonly output = h('div', {class: 'result', 'data-testid': 'result', 'aria-live': 'polite', tabindex: '-1'});

  private reading: Reading | null = null;
  private chosen: Parcel | null = null;
  private fileFailure: unknown = null;
  private result: LandCheck | null = null;
  private failure: unknown = null;
  private busy = false;
  /** Sending the same again after no answer came is one check, not two. */
  private readonly once = new Once();

  constructor(pane: HTMLElement, private readonly map: RegisterMap, private readonly draw: DrawTool, private readonly record: RecordCard, private readonly startDrawing: () => void) {
    this.operation.value = 'transfer';
    this.system.append(...SYSTEMS.map((one) => h('option', {value: one}, one)));
    const field = (label: string, input: HTMLElement, ...more: HTMLElement[]) => h('div', {class: 'field'}, h('label', {for: input.id, i18n: label}), input, ...more);
    const form = h('form', {class: 'check', novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      void this.run();
    }},
      h('h2', {i18n: 'check.parcel'}), this.parcelBox, this.fileInput,
      h('h2', {i18n: 'check.operation'}),
      h('div', {class: 'pair'}, field('check.what', this.operation), field('check.day', this.day)),
      h('div', {class: 'pair'}, field('check.use.system', this.system), field('check.use.code', this.code, this.codes)),
      h('details', {class: 'facts'}, h('summary', {i18n: 'check.facts'}),
        h('p', {class: 'muted small', i18n: 'check.facts.hint'}),
        field('check.industry', this.industry, this.industries),
        field('check.survey', this.survey),
        h('div', {class: 'triple'}, this.facts.map(({name, input}) => field(`check.${name}`, input))),
        field('check.reference', this.reference)),
      this.complaint,
      this.submit);
    pane.append(form, this.output);

    this.fileInput.addEventListener('change', () => {
      const [file] = this.fileInput.files ?? [];
      if (file) void this.takeFile(file);
      // So that the same file, mended, can be chosen again.
      this.fileInput.value = '';
    });
    this.system.addEventListener('change', () => {
      this.code.value = '';
      this.suggest();
    });
    onLang(() => this.render());
    this.render();
  }

  /** The day the server counts as today, offered as the day of the operation. */
  setToday(day: string): void {
    if (!this.day.value) this.day.value = day;
  }

  /** Says again what depends on the parcel; called by the drawing tool. */
  parcelChanged(): void {
    if (this.draw.state === 'drawing') {
      this.reading = null;
      this.chosen = null;
      this.fileFailure = null;
    }
    this.complain('');
    this.renderParcel();
  }

  /** Takes a file that was chosen or dropped. */
  async takeFile(file: File): Promise<void> {
    this.fileFailure = null;
    this.reading = null;
    this.chosen = null;
    try {
      const reading = await readFile(file);
      this.reading = reading;
      if (reading.parcels.length === 1) this.choose(reading.parcels[0]!);
      else this.draw.clear();
    } catch (error) {
      this.fileFailure = error;
    }
    this.renderParcel();
  }

  private choose(parcel: Parcel): void {
    this.chosen = parcel;
    this.draw.load(parcel.geometry);
    const box = boxOf(parcel.geometry);
    if (box) this.map.fit(box);
    this.renderParcel();
  }

  private render(): void {
    for (const [index, option] of [...this.system.options].entries()) {
      const names = SYSTEM_NAMES[option.value as keyof typeof SYSTEM_NAMES];
      if (index > 0 && names) option.textContent = names[lang() === 'zh' ? 0 : 1];
    }
    fill(this.industries, INDUSTRIES.map(([code, zh, en]) => h('option', {value: code}, lang() === 'zh' ? zh : en)));
    this.suggest();
    this.renderParcel();
    this.renderSubmit();
    this.renderResult();
  }

  private suggest(): void {
    const list = LAND_USE[this.system.value as keyof typeof LAND_USE] ?? [];
    fill(this.codes, list.map(([code, zh, en]) => h('option', {value: code}, lang() === 'zh' ? zh : en)));
    this.code.disabled = !this.system.value;
  }

  private renderSubmit(): void {
    this.submit.textContent = t(this.busy ? 'check.busy' : 'check.submit');
    this.submit.disabled = this.busy;
  }

  private renderParcel(): void {
    const {draw} = this;
    const geometry = draw.geometry;
    const several = (this.reading?.parcels.length ?? 0) > 1;
    let said: string;
    if (geometry && this.chosen) said = t('check.parcel.file', {name: this.chosen.name, area: area(draw.area)});
    else if (geometry) said = t('check.parcel.drawn', {n: draw.count, area: area(draw.area)});
    else if (draw.state === 'drawing') said = draw.count ? t('draw.more', {n: draw.count, area: area(draw.area) || '—'}) : t('draw.start');
    else said = t('check.noparcel');
    fill(this.parcelBox,
      h('p', {class: geometry ? 'has' : 'muted', 'data-testid': 'parcel'}, said),
      draw.editable ? h('p', {class: 'muted small'}, t('check.parcel.edit')) : null,
      geometry && draw.crossing ? h('p', {class: 'warnline'}, t('check.crossing')) : null,
      this.reading?.notes.map((note) => h('p', {class: 'warnline'}, note)),
      this.fileFailure ? h('div', {class: 'problem', role: 'alert', 'data-testid': 'file-problem'}, h('strong', {}, t('file.err')),
        h('p', {}, this.fileFailure instanceof FileRefused || this.fileFailure instanceof Error ? this.fileFailure.message : String(this.fileFailure))) : null,
      several ? this.chooser(this.reading!.parcels) : null,
      h('div', {class: 'buttons'},
        h('button', {type: 'button', onclick: () => this.startDrawing()}, t(geometry ? 'check.redraw' : 'check.draw')),
        h('button', {type: 'button', onclick: () => this.fileInput.click()}, t('check.file')),
        geometry ? h('button', {type: 'button', class: 'plain', onclick: () => {
          this.reading = null;
          this.chosen = null;
          draw.clear();
        }}, t('check.clear')) : null));
  }

  private chooser(parcels: Parcel[]): HTMLElement {
    const list = h('select', {id: 'parcel-list', 'data-testid': 'parcel-list', size: String(Math.min(6, parcels.length)), onchange: () => {
      const parcel = parcels[Number(list.value)];
      if (parcel) this.choose(parcel);
    }}, parcels.slice(0, MOST_LISTED).map((one, index) => h('option', {value: index, selected: one === this.chosen}, one.name)));
    return h('div', {class: 'field'},
      h('label', {for: 'parcel-list'}, t('check.choose', {n: parcels.length}), parcels.length > MOST_LISTED ? t('check.choose.cut', {n: MOST_LISTED}) : ''), list);
  }

  private complain(text: string): void {
    this.complaint.hidden = !text;
    this.complaint.textContent = text;
  }

  /** The request of the form as it stands, or null with a complaint shown. */
  private request(): object | null {
    const geometry = this.draw.geometry;
    const code = this.code.value.trim();
    if (!geometry) return this.complain(t('check.needparcel')), null;
    if (this.system.value && !code) return this.complain(t('check.needcode')), null;
    if (this.day.validity.badInput) return this.complain(t('check.badday')), null;
    const facts: Record<string, unknown> = {};
    if (this.industry.value.trim()) facts['former_industry'] = this.industry.value.trim();
    if (this.survey.value) facts['survey_state'] = this.survey.value;
    for (const {name, input} of this.facts) if (input.value) facts[name] = input.value === 'true';
    this.complain('');
    return {
      type: 'Feature',
      geometry,
      properties: {
        operation: this.operation.value,
        ...(this.system.value ? {planned_use: {system: this.system.value, code}} : {}),
        ...(this.day.value ? {on: this.day.value} : {}),
        ...(Object.keys(facts).length ? {facts} : {}),
        ...(this.reference.value.trim() ? {reference: this.reference.value.trim()} : {}),
      },
    };
  }

  private async run(): Promise<void> {
    if (this.busy) return;
    const request = this.request();
    if (!request) return;
    this.busy = true;
    this.result = null;
    this.failure = null;
    this.renderSubmit();
    fill(this.output, loading());
    try {
      this.result = await this.once.post<LandCheck>('v1/land-checks', request, 'application/geo+json');
    } catch (error) {
      this.failure = error;
    }
    this.busy = false;
    this.renderSubmit();
    this.renderResult();
    this.output.focus({preventScroll: true});
    this.output.scrollIntoView({block: 'start'});
  }

  private renderResult(): void {
    const {result} = this;
    if (this.busy) return;
    if (this.failure) {
      fill(this.output, apiKey() ? null : h('p', {class: 'note'}, t('check.needkey')), problemBox(this.failure, t('check.failed')));
      return;
    }
    if (!result) {
      fill(this.output);
      return;
    }
    const known = ['allow', 'allow_recorded', 'warn', 'hold', 'block'].includes(result.verdict);
    fill(this.output,
      h('div', {class: `verdict ${known ? result.verdict : ''}`, 'data-testid': 'verdict', 'data-verdict': result.verdict},
        h('strong', {}, term('verdict.', result.verdict)),
        h('span', {}, term('op.', result.operation)),
        h('span', {class: 'mono'}, result.number ?? '')),
      rows([
        [t('result.area'), h('span', {'data-testid': 'parcel-area'}, area(result.parcel?.area_m2, result.parcel?.area_mu))],
        [t('result.use'), result.planned_use?.code ? plannedUse(result.planned_use) : ''],
        [t('result.on'), result.on ?? ''],
        [t('result.checked'), instant(result.checked_at)],
        [t('result.reply'), term('reply.', result.reply?.status)],
        [t('result.standing'), [term('standing.', result.standing?.status), textOf(result.standing?.because)].filter(Boolean).join(' · ')],
      ]),
      section(t('result.rules'), h('div', {'data-testid': 'rules'}, result.rules?.length ? result.rules.map(rule) : h('p', {class: 'muted'}, t('result.rules.none')))),
      section(t('result.hits'), h('div', {'data-testid': 'hits'}, result.hits?.length ? h('ul', {class: 'cards'}, result.hits.map((one) => this.hit(one))) : h('p', {class: 'muted'}, t('result.hits.none')))),
      result.coverage?.length ? section(t('result.coverage'), h('ul', {class: 'coverage', 'data-testid': 'coverage'}, result.coverage.map((one) => h('li', {},
        h('span', {}, pick(one, 'register') !== one.register ? pick(one, 'register') : register(one.register)),
        h('span', {class: `state ${/^[a-z_]+$/.test(one.status ?? '') ? one.status : ''}`}, term('coverage.', one.status)),
        one.as_of ? h('span', {class: 'muted small'}, t('result.asof', {on: /T/.test(one.as_of) ? instant(one.as_of) : one.as_of})) : null)))) : null,
      h('footer', {},
        h('a', {href: `v1/land-checks/${encodeURIComponent(result.id)}`, download: `${result.number ?? result.id}.json`, 'data-testid': 'json', onclick: (event: Event) => void this.download(event, result)}, t('result.json')),
        ' · ', h('a', {href: `v1/land-checks/${encodeURIComponent(result.id)}/certificate.pdf`, download: `${result.number ?? result.id}.pdf`, 'data-testid': 'certificate', onclick: (event: Event) => void this.certificate(event, result)}, t('result.certificate')),
        result.number && result.proof?.payload_sha256 ? [' · ', h('a', {href: `#/verify?${new URLSearchParams({number: result.number, sha256: result.proof.payload_sha256}).toString()}`, 'data-testid': 'verify-link'}, t('result.verify'))] : null,
        h('p', {class: 'mono small muted'}, result.id),
        result.proof?.payload_sha256 ? h('p', {class: 'mono small muted'}, t('result.proof'), ' ', result.proof.payload_sha256.slice(0, 16), '…', typeof result.proof.log_index === 'number' ? ` · ${t('result.log', {n: result.proof.log_index})}` : '') : null));
  }

  /** The stored answer byte for byte; a plain link could not carry the key. */
  private async download(event: Event, result: LandCheck): Promise<void> {
    event.preventDefault();
    const link = event.currentTarget as HTMLElement;
    try {
      await fetchFile(`v1/land-checks/${encodeURIComponent(result.id)}`, `${result.number ?? result.id}.json`);
    } catch (error) {
      link.after(problemBox(error, t('check.json.failed')));
    }
  }

  /** The certificate, likewise. */
  private async certificate(event: Event, result: LandCheck): Promise<void> {
    event.preventDefault();
    const link = event.currentTarget as HTMLElement;
    try {
      await fetchFile(`v1/land-checks/${encodeURIComponent(result.id)}/certificate.pdf`, `${result.number ?? result.id}.pdf`);
    } catch (error) {
      link.after(problemBox(error, t('result.certificate.failed')));
    }
  }

  private hit(one: Hit): HTMLElement {
    const details = [
      one.stage ? term('stage.', one.stage) : one.class ? term('class.', one.class) : '',
      term('relation.', one.relation),
      present(one.overlap_m2) && Number(one.overlap_m2) > 0 ? area(one.overlap_m2) : '',
      present(one.overlap_share) && Number(one.overlap_share) > 0 ? t('result.share', {p: share(one.overlap_share)}) : '',
      present(one.distance_m) && Number(one.distance_m) > 0 ? t('result.distance', {d: number(Number(one.distance_m), 1)}) : '',
    ].filter(Boolean).join(' · ');
    return h('li', {}, h('button', {type: 'button', class: 'card', disabled: !one.id, onclick: () => void this.goTo(one)},
      h('span', {class: 'head'}, h('b', {}, one.name ?? one.code ?? ''), one.sliver ? h('span', {class: 'tag'}, t('result.sliver')) : null),
      h('span', {class: 'small'}, [register(one.register), one.name ? one.code : ''].filter(Boolean).join(' · ')),
      h('span', {class: 'muted small'}, details)));
  }

  private async goTo(one: Hit): Promise<void> {
    const name = one.register ?? '';
    if (/farmland/.test(name)) return this.record.open('farmland', one.id!, null, true);
    if (/site|control.list|negative/.test(name)) return this.record.open('site', one.id!, null, true);
    // Registers without a record page of their own are at least shown on the map.
    const collection = encodeURIComponent(name.replaceAll('_', '-'));
    try {
      const feature = await getJson<RecordFeature>(`ogc/collections/${collection}/items/${encodeURIComponent(one.id!)}`);
      const box = boxOf(feature.geometry);
      this.map.select(feature.geometry);
      if (box) this.map.fit(box);
    } catch (error) {
      byId('pane-check').append(problemBox(error, t('record.failed')));
    }
  }
}

/** A planned use as code, name where known, and system. */
function plannedUse({system = '', code = ''}: {system?: string; code?: string}): string {
  const known = LAND_USE[system as keyof typeof LAND_USE]?.find(([one]) => one === code);
  const names = SYSTEM_NAMES[system as keyof typeof SYSTEM_NAMES];
  const at = lang() === 'zh' ? 0 : 1;
  return [code, known?.[at === 0 ? 1 : 2] ?? ''].join(' ').trim() + inBrackets(names?.[at] ?? system);
}

const present = (value: unknown): boolean => value !== null && value !== undefined && value !== '';

/** A rule that fired, with everything it rests on and asks for. */
function rule(one: Rule): HTMLElement {
  const confirmed = !one.confidence || /^(confirmed|verified|v)\b/i.test(one.confidence);
  const facts = (one.facts ?? []).map(textOf).filter(Boolean);
  const must = pick(one, 'must_do');
  const who = actor(one, 'actor');
  return h('article', {class: `rule ${/^[a-z_]+$/.test(one.verdict ?? '') ? one.verdict : ''}`},
    h('header', {}, h('span', {class: 'pill'}, term('verdict.', one.verdict)), h('b', {}, pick(one, 'title')), h('span', {class: 'mono small muted'}, one.rule ?? '')),
    confirmed ? null : h('p', {class: 'warnline', title: t('result.unconfirmed.hint')}, t('result.unconfirmed') + inBrackets(one.confidence ?? '')),
    one.citations?.length ? citations(one.citations) : null,
    rows([
      [t('result.facts'), facts.length ? h('ul', {class: 'facts'}, facts.map((fact) => h('li', {}, fact))) : ''],
      [t('result.mustdo'), must ? [must, one.by ? h('span', {class: 'muted'}, ' ', t('result.by', {on: one.by})) : null] : ''],
      [t('result.actor'), who],
    ]));
}

function select(id: string, options: Array<[value: string, key: string]>): HTMLSelectElement {
  return h('select', {id, 'data-testid': id}, options.map(([value, key]) => h('option', {value, i18n: key})));
}
