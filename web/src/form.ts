// A form made of the table of fields: what is entered is kept outside it, so that it may be built again at any time; what
// the server refuses is shown at the field it names.
import {ApiError, fileDocument} from './api';
import {fill, h} from './dom';
import {problemBox} from './errors';
import {area, inBrackets} from './format';
import {roughArea} from './geo';
import {FileRefused, readText} from './geojson';
import {pick, t, term} from './i18n';
import {WIDGETS, clockKey, faultsByField, wireValue, type Entered, type PartyTyped, type Widget} from './steps';
import type {Area, Deadline} from './types';

/** A field as asked for. */
export interface Ask {
  field: string;
  label: string;
  needed: boolean;
  hint?: string;
  /** How it is asked for, where that is not what the table says. */
  widget?: Widget;
}

/** What a form may choose from of the record it is about. */
export interface Around {
  clocks: Deadline[];
  duties: Array<{duty?: string; title_zh?: string; title_en?: string}>;
  /** The conclusions or modes possible. */
  cases: string[];
  /** Starts drawing on the map; `take` is given every outline that is finished until another asks. */
  drawOutline(take: (outline: Area) => void): void;
}

/** Nothing to choose from: for forms whose fields ask for none of it. */
export const NOTHING_AROUND: Around = {clocks: [], duties: [], cases: [], drawOutline: () => {}};

interface Described {
  /** Begins the ids of its elements; one on the page. */
  id: string;
  entered: Entered;
  around: Around;
  /** What is asked for with what was entered so far. */
  asks(entered: Entered): Ask[];
  submit: string;
  /** Says what failed, above what the server said. */
  failed: string;
  /** Does it; a refusal is thrown. */
  send(entered: Entered): Promise<void>;
}

/** What a file became: chosen again after a refusal, it is not filed twice. */
const filed = new WeakMap<File, string>();

/** Files what was chosen for a field, once; gives the document's identifier, or undefined where nothing was chosen. */
export async function documentOf(entered: Entered, field: string, kind: string): Promise<string | undefined> {
  const file = entered[field];
  if (!(file instanceof File)) return undefined;
  const known = filed.get(file);
  if (known) return known;
  const id = await fileDocument(file, kind, file.name.replace(/\.[^.]+$/, '') || file.name);
  filed.set(file, id);
  return id;
}

/** Builds the form. */
export function formBox(form: Described): HTMLFormElement {
  const fields = h('div', {class: 'fields'});
  const answer = h('div', {class: 'answer'});
  const button = h('button', {type: 'submit', class: 'primary'}, form.submit);
  const box = h('form', {class: 'stepform', novalidate: true, id: form.id, 'data-testid': form.id, onsubmit: (event: Event) => {
    event.preventDefault();
    void send();
  }}, fields, answer, button);

  const build = () => {
    const focused = document.activeElement?.id ?? '';
    fill(fields, form.asks(form.entered).map((ask) => fieldBox(form, ask, build)));
    if (focused && fields.querySelector(`#${CSS.escape(focused)}`)) document.getElementById(focused)?.focus();
  };

  const show = (at: Map<string, string[]>) => {
    let first: HTMLElement | null = null;
    for (const holder of fields.querySelectorAll<HTMLElement>('[data-field]')) {
      const said = at.get(holder.dataset['field'] ?? '');
      const place = holder.querySelector<HTMLElement>('.fault');
      const input = holder.querySelector<HTMLElement>('input, select, textarea, button');
      holder.classList.toggle('wrong', !!said);
      if (place) {
        place.hidden = !said;
        place.textContent = (said ?? []).join(' ');
      }
      if (said) input?.setAttribute('aria-invalid', 'true');
      else input?.removeAttribute('aria-invalid');
      if (said && !first) first = input;
    }
    first?.focus();
    return first !== null;
  };

  async function send(): Promise<void> {
    if (button.disabled) return;
    const lacking = form.asks(form.entered).filter(({field, needed}) => needed && !given(form.entered, field));
    fill(answer);
    if (lacking.length) {
      show(new Map(lacking.map(({field, label}) => [field, [t('form.needed', {name: label})]])));
      return;
    }
    button.disabled = true;
    button.textContent = t('form.busy');
    try {
      show(new Map());
      await form.send(form.entered);
    } catch (error) {
      if (error instanceof ApiError) {
        const {at, rest} = faultsByField(error.problem, form.asks(form.entered).map(({field}) => field));
        fill(answer, problemBox(new ApiError(error.status, {...error.problem, errors: rest}), form.failed));
        if (!show(at)) answer.scrollIntoView({block: 'nearest'});
      } else {
        fill(answer, problemBox(error, form.failed));
      }
    } finally {
      button.disabled = false;
      button.textContent = form.submit;
    }
  }

  build();
  return box;
}

const given = (entered: Entered, field: string): boolean => (entered[field] instanceof File ? true : wireValue(field, entered[field]) !== undefined);

/** One field with its label, its mark where it is needed, and the place for what is wrong with it. */
function fieldBox(form: Described, ask: Ask, rebuild: () => void): HTMLElement {
  const {entered, around} = form;
  const widget = ask.widget ?? WIDGETS[ask.field] ?? {kind: 'text'};
  const id = `${form.id}-${ask.field}`;
  const put = (value: unknown) => {
    entered[ask.field] = value;
  };
  const now = entered[ask.field];
  const typed = typeof now === 'string' || typeof now === 'number' ? String(now) : '';
  const common = {id, 'data-testid': id, 'aria-required': ask.needed ? 'true' : undefined, 'aria-describedby': `${id}-fault`};
  const label = [ask.label, ask.needed ? h('span', {class: 'needed', title: t('form.required'), 'aria-hidden': 'true'}, '*') : null];
  const fault = h('p', {class: 'fault', id: `${id}-fault`, role: 'alert', hidden: true});
  const hint = ask.hint ? h('p', {class: 'muted small'}, ask.hint) : null;
  const line = (input: HTMLElement, ...more: Array<HTMLElement | null>) =>
    h('div', {class: 'field', 'data-field': ask.field}, h('label', {for: id}, label), input, more, hint, fault);
  const group = (...inside: Array<HTMLElement | null>) =>
    h('fieldset', {class: 'field', 'data-field': ask.field, 'aria-describedby': `${id}-fault`}, h('legend', {}, label), inside, hint, fault);
  const input = (type: string, more: Record<string, unknown> = {}) => {
    const element = h('input', {...common, type, value: typed, autocomplete: 'off', oninput: () => put(element.value), ...more});
    return element;
  };
  const choice = (options: Array<[value: string, name: string]>, chosen: () => void = () => {}) => {
    const element = h('select', {...common, onchange: () => {
      put(element.value);
      chosen();
    }}, h('option', {value: ''}, t(ask.needed ? 'form.choose' : 'form.none')), options.map(([value, name]) => h('option', {value}, name)));
    element.value = typed;
    return element;
  };

  switch (widget.kind) {
    case 'day': return line(input('date', {min: '1990-01-01', max: '2099-12-31'}));
    case 'url': return line(input('url', {maxlength: '2000', placeholder: 'https://'}));
    case 'number': return line(input('number', {min: widget.min, max: widget.max, step: widget.whole ? 1 : 'any', inputmode: widget.whole ? 'numeric' : 'decimal'}));
    case 'long': {
      const element = h('textarea', {...common, rows: '2', maxlength: '2000', oninput: () => put(element.value)});
      element.value = typed;
      return line(element);
    }
    case 'text': {
      if (!widget.suggest) return line(input('text', {maxlength: '200'}));
      return line(input('text', {maxlength: '200', list: `${id}-list`}), h('datalist', {id: `${id}-list`}, widget.suggest.map((one) => h('option', {value: one}))));
    }
    case 'select': return line(choice(widget.of.map((one) => [one, term(widget.prefix, one)])));
    case 'yesno': return line(choice([['true', t('yes')], ['false', t('no')]]));
    // Another case asks for other fields.
    case 'case': return line(choice(around.cases.map((one) => [one, term(widget.prefix, one)]), rebuild));
    case 'duty': return line(choice(around.duties.map((one) => [one.duty ?? '', pick(one, 'title')])));
    case 'clock': return line(choice(around.clocks.map((one) => {
      const name = pick(one, 'title') || (one.rule ?? '');
      return [clockKey(one.rule ?? '', one.occasion ?? ''), `${name}${inBrackets(`${t('deadline.due')} ${one.due_on ?? ''}`)}`];
    })));
    case 'flags': {
      const chosen = new Set(Array.isArray(now) ? now.map(String) : []);
      return group(h('div', {class: 'flags'}, widget.of.map((one, index) => {
        const element = h('input', {type: 'checkbox', id: index === 0 ? id : `${id}-${one}`, 'data-testid': `${id}-${one}`, checked: chosen.has(one), onchange: () => {
          if (element.checked) chosen.add(one);
          else chosen.delete(one);
          put(widget.of.filter((each) => chosen.has(each)));
        }});
        return h('label', {}, element, term(widget.prefix, one));
      })));
    }
    case 'party': {
      const party: PartyTyped = typeof now === 'object' && now !== null ? {...(now as PartyTyped)} : {};
      const part = (name: 'name' | 'credit_code', key: 'form.party.name' | 'form.party.code', max: string) => {
        const element = h('input', {type: 'text', id: name === 'name' ? id : `${id}-code`, 'data-testid': `${id}-${name}`, value: party[name] ?? '', maxlength: max, autocomplete: 'off', spellcheck: 'false',
          'aria-label': t(key), placeholder: t(key), oninput: () => {
            party[name] = element.value;
            put({...party});
          }});
        return element;
      };
      return group(part('name', 'form.party.name', '200'), part('credit_code', 'form.party.code', '18'));
    }
    case 'file': {
      const said = h('p', {class: 'muted small', 'aria-live': 'polite'});
      const tell = () => fill(said, entered[ask.field] instanceof File ? (entered[ask.field] as File).name : t('form.file.hint'));
      const element = h('input', {...common, type: 'file', accept: '.pdf,.png,.jpg,.jpeg,.docx,.xlsx,.zip,.txt,.json,.geojson', onchange: () => {
        put(element.files?.[0]);
        tell();
      }});
      tell();
      return line(element, said);
    }
    case 'area': return group(...outline(id, common, now as Area | undefined, put, around));
  }
}

/** The outline of a zone: drawn on the map, or pasted as GeoJSON. */
function outline(id: string, common: Record<string, unknown>, now: Area | undefined, put: (value: unknown) => void, around: Around): HTMLElement[] {
  const said = h('p', {class: 'small', 'aria-live': 'polite', 'data-testid': `${id}-said`});
  const wrong = h('p', {class: 'fault', role: 'alert', hidden: true});
  const tell = (geometry: Area | undefined) => {
    said.classList.toggle('muted', !geometry);
    said.textContent = geometry ? t('form.area.has', {area: area(roughArea(geometry))}) : t('form.area.none');
  };
  const complain = (text: string) => {
    wrong.hidden = !text;
    wrong.textContent = text;
  };
  const paste = h('textarea', {...common, rows: '2', spellcheck: 'false', placeholder: '{"type":"Polygon","coordinates":[…]}', 'aria-label': t('form.area.paste'), oninput: () => {
    complain('');
    if (!paste.value.trim()) {
      put(undefined);
      tell(undefined);
      return;
    }
    try {
      const {parcels} = readText(paste.value);
      if (parcels.length > 1) throw new FileRefused(t('form.area.several', {n: parcels.length}));
      put(parcels[0]!.geometry);
      tell(parcels[0]!.geometry);
    } catch (error) {
      put(undefined);
      tell(undefined);
      complain(error instanceof Error ? error.message : String(error));
    }
  }});
  tell(now);
  return [
    h('div', {class: 'buttons'}, h('button', {type: 'button', 'data-testid': `${id}-draw`, onclick: () => around.drawOutline((drawn) => {
      paste.value = '';
      complain('');
      put(drawn);
      tell(drawn);
    })}, t('form.area.draw'))),
    said, paste, wrong,
  ];
}
