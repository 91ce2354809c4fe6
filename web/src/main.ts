// The page: puts the parts together and says who the caller is.
import 'maplibre-gl/dist/maplibre-gl.css';
import './style.css';
import type {Map as MapLibre} from 'maplibre-gl';
import {ApiError, apiKey, getJson, setApiKey} from './api';
import {byId, fill, h} from './dom';
import {DrawTool} from './draw';
import {area} from './format';
import {lang, onLang, pick, setLang, t, term, translate} from './i18n';
import {LandCheckPanel} from './landcheck';
import {LayerPanel} from './layers';
import {RegisterMap, type Found} from './map';
import {DuePanel} from './due';
import {RecordCard} from './record';
import type {Area, Me, Ready} from './types';
import {VerifyPage} from './verify';
import type {Key} from './dict';

declare global {
  interface Window {
    /** For tests of the page: the map, and a promise that resolves when it was first wholly drawn. */
    __jingtu: {map: MapLibre; ready: Promise<void>};
  }
}

translate();
const verify = new VerifyPage();
try {
  start();
} catch (error) {
  // Without WebGL there is no map, and without the map no page; say so instead of leaving it blank.
  fill(byId('map'), h('p', {class: 'nomap', role: 'alert'}, t('map.failed'), error instanceof Error ? error.message : String(error)));
  console.error(error);
}

function start(): void {
  const hint = byId('hint');
  const crosshair = byId('crosshair');
  const drawButton = byId<HTMLButtonElement>('draw');
  let hintTimer = 0;

  const say = (text: string, forMillis = 6000) => {
    clearTimeout(hintTimer);
    fill(hint, text);
    hint.hidden = false;
    hintTimer = window.setTimeout(drawHint, forMillis);
  };

  const register = new RegisterMap(byId('map'), (layer, error) => {
    // A tile refused or lost; the others go on.
    const name = layer ? term('layer.', layer) : '';
    say(`${name ? t('map.failed.layer', {layer: name}) : ''}${error.message}`);
  });
  const {map} = register;
  window.__jingtu = {map, ready: register.ready};

  const record = new RecordCard(register, {
    today: () => (typeof state.today === 'string' ? state.today : ''),
    role: () => me?.role ?? '',
    drawOutline: (take) => {
      closeChooser();
      takeOutline = take;
      draw.start();
    },
    changed: () => {
      // An outline that was asked for has served its end.
      if (takeOutline) draw.clear();
      due.reset(current === 'overdue');
      void layers.refresh(false);
    },
  }, () => {
    if (phone()) collapse(true);
  });
  const card = byId('record');
  register.covered = () => ({
    right: card.hidden || phone() ? 0 : card.offsetWidth + 12,
    bottom: card.hidden || !phone() ? 0 : card.offsetHeight,
  });
  const layers = new LayerPanel(byId('pane-layers'), register);
  let wasDrawing = false;
  // Whoever asked for an outline last is given it, also when its corners are moved afterwards.
  let takeOutline: ((outline: Area) => void) | null = null;
  const draw = new DrawTool(register, () => {
    drawHint();
    if (draw.state === 'empty') takeOutline = null;
    if (takeOutline && draw.state === 'done' && draw.geometry) takeOutline(draw.geometry);
    if (wasDrawing && draw.state === 'done' && phone() && !takeOutline) collapse(false);
    wasDrawing = draw.state === 'drawing';
    check.parcelChanged();
  }, () => say(t('draw.few'), 2500));
  const startDrawing = () => {
    closeChooser();
    takeOutline = null;
    show('check');
    if (phone()) collapse(true);
    draw.start();
  };
  const check = new LandCheckPanel(byId('pane-check'), register, draw, record, startDrawing);
  const due = new DuePanel(byId('pane-overdue'), record);

  // Panels

  const tabs = {layers: byId('tab-layers'), check: byId('tab-check'), overdue: byId('tab-overdue')};
  type Tab = keyof typeof tabs;
  const names = Object.keys(tabs) as Tab[];
  let current: Tab = 'layers';

  function show(tab: Tab): void {
    current = tab;
    for (const name of names) {
      const on = name === tab;
      tabs[name].setAttribute('aria-selected', String(on));
      tabs[name].tabIndex = on ? 0 : -1;
      byId(`pane-${name}`).hidden = !on;
    }
    if (tab === 'overdue') due.show();
  }
  names.forEach((name, index) => {
    tabs[name].addEventListener('click', () => {
      show(name);
      collapse(false);
    });
    tabs[name].addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      const next = names[(index + step + names.length) % names.length];
      if (!step || !next) return;
      event.preventDefault();
      show(next);
      tabs[next].focus();
    });
  });

  const narrow = matchMedia('(max-width: 760px)');
  const phone = () => narrow.matches;
  const grip = byId('grip');
  function collapse(on: boolean): void {
    byId('panel').classList.toggle('collapsed', on);
    grip.setAttribute('aria-expanded', String(!on));
  }
  grip.addEventListener('click', () => collapse(!byId('panel').classList.contains('collapsed')));
  collapse(phone());
  narrow.addEventListener('change', () => collapse(phone()));
  show('layers');

  // Drawing

  function drawHint(): void {
    clearTimeout(hintTimer);
    const drawing = draw.state === 'drawing';
    drawButton.setAttribute('aria-pressed', String(drawing));
    crosshair.hidden = !drawing;
    hint.hidden = !drawing;
    if (!drawing) return;
    fill(hint, h('span', {}, draw.count ? t('draw.more', {n: draw.count, area: area(draw.area) || '—'}) : t('draw.start')),
      h('span', {class: 'buttons'},
        h('button', {type: 'button', disabled: draw.count === 0, onclick: () => draw.undo()}, t('draw.undo')),
        h('button', {type: 'button', disabled: draw.count < 3, onclick: () => draw.finish()}, t('draw.finish')),
        h('button', {type: 'button', onclick: () => draw.clear()}, t('draw.cancel'))));
  }
  drawButton.addEventListener('click', () => (draw.state === 'drawing' ? draw.clear() : startDrawing()));
  onLang(drawHint);

  // Files, dropped anywhere on the page

  const mask = byId('dropmask');
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  window.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mask.hidden = verify.shown;
  });
  window.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) mask.hidden = true;
  });
  window.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mask.hidden = true;
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    if (verify.shown) return void verify.take(file);
    show('check');
    collapse(false);
    void check.takeFile(file);
  });

  // Clicks on the map

  const chooser = byId('chooser');
  function closeChooser(): void {
    chooser.hidden = true;
  }
  map.on('click', (event) => {
    closeChooser();
    if (draw.click(event)) return;
    const found = register.at(event.point);
    if (found.length === 0) record.close();
    else if (found.length === 1) void record.openFound(found[0]!);
    else choose(found, event.point);
  });
  map.on('movestart', closeChooser);
  map.on('mousemove', ({point, lngLat}) => {
    byId('cursor').textContent = `${register.divisionsAt(point).join(' ')}  ${lngLat.lng.toFixed(5)}°E  ${lngLat.lat.toFixed(5)}°N`;
    if (draw.state !== 'drawing') map.getCanvas().classList.toggle('pointing', register.at(point).length > 0);
  });

  function choose(found: Found[], point: {x: number; y: number}): void {
    const pickOne = (one: Found) => {
      closeChooser();
      void record.openFound(one);
    };
    fill(chooser,
      h('p', {}, t('choose.title', {n: found.length})),
      h('ul', {}, found.slice(0, 30).map((one) => {
        const p = one.properties;
        const value = String((one.collection === 'farmland' ? p['class'] : p['stage']) ?? '');
        const mark = h('i', {class: 'swatch area', 'aria-hidden': 'true'});
        mark.style.setProperty('--c', register.colourOf(value));
        return h('li', {}, h('button', {type: 'button', onclick: () => pickOne(one)}, mark,
          h('span', {}, String(p['name'] ?? p['code'] ?? one.id), h('small', {}, `${t(`layer.${one.collection}` as Key)} · ${term(one.collection === 'farmland' ? 'class.' : 'stage.', value)}`))));
      })));
    chooser.hidden = false;
    const box = byId('mapbox').getBoundingClientRect();
    chooser.style.left = `${Math.max(8, Math.min(point.x + 8, box.width - chooser.offsetWidth - 8))}px`;
    chooser.style.top = `${Math.max(8, Math.min(point.y + 8, box.height - chooser.offsetHeight - 8))}px`;
    chooser.querySelector('button')?.focus({preventScroll: true});
  }
  chooser.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      closeChooser();
      map.getCanvas().focus();
    }
  });

  byId('zoomin').addEventListener('click', () => map.zoomIn());
  byId('zoomout').addEventListener('click', () => map.zoomOut());
  byId('home').addEventListener('click', () => register.home());

  // The caller

  let me: Me | null = null;
  let refused = '';
  const who = byId('whoami');
  const keyInput = byId<HTMLInputElement>('key');
  const keyClear = byId('keyclear');

  function renderWho(): void {
    keyClear.hidden = !apiKey();
    const isPublic = !me?.role || me.role === 'public';
    const role = me ? pick(me, 'role') : '';
    const said = role && role !== me?.role ? role : me?.role ? term('role.', me.role) : t('who.unknown');
    who.classList.toggle('known', !!me && !isPublic);
    who.classList.toggle('refused', refused !== '');
    fill(who, h('b', {}, said), !me || isPublic ? null : [pick(me, 'division_name') || me.division_code || '', me.name].filter(Boolean).map((part) => h('span', {}, part)));
    who.title = refused;
  }

  async function whoAmI(): Promise<void> {
    try {
      me = await getJson<Me>('v1/me');
      refused = '';
    } catch (error) {
      if (error instanceof ApiError && error.status === 401 && apiKey()) {
        setApiKey('');
        refused = t('key.refused');
        say(refused);
        return whoAmI();
      }
      me = null;
      refused = error instanceof Error ? error.message : String(error);
      say(refused);
    }
    renderWho();
  }

  async function changeCaller(key: string): Promise<void> {
    setApiKey(key);
    keyInput.value = '';
    await whoAmI();
    record.reset();
    due.reset(current === 'overdue');
    await layers.refresh(false);
  }

  byId<HTMLFormElement>('keyform').addEventListener('submit', (event) => {
    event.preventDefault();
    const key = keyInput.value.trim();
    if (!key) return;
    if (!/^jt_[A-Za-z0-9_-]{43}$/.test(key)) {
      say(t('key.shape'));
      keyInput.select();
      return;
    }
    void changeCaller(key);
  });
  keyClear.addEventListener('click', () => void changeCaller(''));

  // The language and the foot of the page

  let state: Ready = {};
  const switchTo = byId('lang');
  function renderPage(): void {
    switchTo.textContent = t('lang.other');
    switchTo.setAttribute('aria-label', t('lang.label'));
    fill(byId('footnote'),
      [t('foot.crs'), state.demo === true ? t('foot.demo') : '', state.today ? t('foot.today', {on: state.today}) : ''].filter(Boolean).join(' · '),
      ' · ', h('a', {href: 'assets/third-party-licenses.txt', target: '_blank'}, t('foot.licences')));
    renderWho();
  }
  switchTo.addEventListener('click', () => {
    setLang(lang() === 'zh' ? 'en' : 'zh');
    // The server's refusals and names come in the language asked for.
    record.reload();
  });
  onLang(renderPage);
  renderPage();

  void getJson<Ready>('readyz').then((answer) => {
    state = answer;
    if (typeof state.today === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(state.today)) {
      due.setToday(state.today);
      check.setToday(state.today);
    }
    renderPage();
  }, (error: unknown) => say(error instanceof Error ? error.message : String(error)));
  void whoAmI().then(() => layers.refresh(true));
}
