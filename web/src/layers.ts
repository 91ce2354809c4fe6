// The layer panel: what there is, what this caller may see of it, its legend, and where to go.
import {apiKey, getJson} from './api';
import {fill, h} from './dom';
import {problemBox} from './errors';
import {boxOf, type Box} from './geo';
import {onLang, pick, t} from './i18n';
import {COLLECTIONS, type Collection, type LegendEntry, type RegisterMap} from './map';
import type {Key} from './dict';
import type {Feature} from 'geojson';

interface Collections {
  collections?: Array<{id: string; extent?: {spatial?: {bbox?: number[][]}}}>;
}

/** The panel and the reading of `/ogc/collections` behind it. */
export class LayerPanel {
  private allowed: Set<Collection> = new Set();
  private failure: unknown = null;
  private places: Feature[] = [];
  private asked = 0;

  constructor(private readonly pane: HTMLElement, private readonly map: RegisterMap) {
    onLang(() => this.render());
  }

  /** Asks what this caller may see and brings the map to it. */
  async refresh(first: boolean): Promise<void> {
    const turn = ++this.asked;
    try {
      const {collections = []} = await getJson<Collections>('ogc/collections');
      if (turn !== this.asked) return;
      this.failure = null;
      this.allowed = new Set(COLLECTIONS.filter((one) => collections.some(({id}) => id === one)));
      const box = collections.find(({id}) => id === 'divisions')?.extent?.spatial?.bbox?.[0];
      if (box && (box.length === 4 || box.length === 6) && box.every(Number.isFinite)) {
        // Six numbers are a box with heights.
        const flat: Box = box.length === 4 ? (box as Box) : [box[0]!, box[1]!, box[3]!, box[4]!];
        this.map.setExtent(flat);
        if (first) this.map.home(false);
      }
    } catch (error) {
      if (turn !== this.asked) return;
      this.failure = error;
      this.allowed = new Set();
    }
    await this.map.learn(this.allowed);
    if (turn !== this.asked) return;
    this.render();
    await this.map.setVisible(this.allowed);
    if (this.allowed.has('divisions')) await this.readPlaces(turn);
  }

  private async readPlaces(turn: number): Promise<void> {
    try {
      const {features = []} = await getJson<{features?: Feature[]}>('ogc/collections/divisions/items?level=prefecture&limit=50');
      if (turn !== this.asked) return;
      this.places = features.filter((one) => boxOf(one.geometry));
    } catch (error) {
      if (turn !== this.asked) return;
      this.failure = error;
    }
    this.render();
  }

  private render(): void {
    const locked = !this.failure && COLLECTIONS.some((one) => !this.allowed.has(one));
    fill(this.pane,
      this.failure ? [problemBox(this.failure, t('layers.failed')), h('p', {}, h('button', {type: 'button', class: 'plain', onclick: () => void this.refresh(false)}, t('retry')))] : null,
      this.places.length ? [
        h('h2', {}, t('layers.jump')),
        h('div', {class: 'chips', 'data-testid': 'places'}, this.places.map((place) => h('button', {
          type: 'button', 'data-code': String(place.properties?.['code'] ?? ''), onclick: () => {
            const box = boxOf(place.geometry);
            if (box) this.map.fit(box);
          },
        }, pick(place.properties, 'name') || String(place.properties?.['code'] ?? '')))),
      ] : null,
      h('h2', {}, t('layers.title')),
      locked ? h('p', {class: 'note'}, t(apiKey() ? 'layers.locked.hint.keyed' : 'layers.locked.hint')) : null,
      [...COLLECTIONS].reverse().map((one) => this.card(one)),
    );
  }

  private card(collection: Collection): HTMLElement {
    const allowed = this.allowed.has(collection);
    const box = h('input', {
      type: 'checkbox', id: `layer-${collection}`, 'data-testid': `layer-${collection}`,
      checked: allowed && this.map.isOn(collection), disabled: !allowed,
      onchange: (event: Event) => this.map.toggle(collection, (event.target as HTMLInputElement).checked),
    });
    return h('div', {class: allowed ? 'layer' : 'layer locked'},
      h('label', {for: `layer-${collection}`}, box, h('span', {}, t(`layer.${collection}` as Key)),
        allowed ? null : h('span', {class: 'lock', title: t('layers.locked'), role: 'img', 'aria-label': t('layers.locked')}, lock())),
      allowed ? legend(collection, this.map.legend(collection)) : null);
  }
}

function lock(): SVGSVGElement {
  const name = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(name, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  const path = document.createElementNS(name, 'path');
  path.setAttribute('d', 'M5 7V5a3 3 0 0 1 6 0v2M3.5 7h9v6.500h-9z');
  svg.append(path);
  return svg;
}

function legend(collection: Collection, entries: LegendEntry[]): HTMLElement {
  const kinds: Record<Collection, string> = {divisions: 'line', farmland: 'area', 'suspected-sites': 'site dashed', 'contaminated-sites': 'site'};
  return h('ul', {class: 'legend'}, entries.map((entry) => {
    const mark = h('i', {class: `swatch ${kinds[collection]}${collection === 'divisions' ? ` ${entry.value}` : ''}`, 'aria-hidden': 'true'});
    mark.style.setProperty('--c', entry.colour);
    return h('li', {}, mark, pick(entry, 'title'));
  }));
}
