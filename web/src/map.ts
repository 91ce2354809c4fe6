// The map: its style, the layers of the register as vector tiles, and what is drawn over them. Labels are drawn
// from fonts of this machine (a style without `glyphs`), so nothing is asked of any other host.
import {Map as MapLibre, ScaleControl, setWorkerUrl, type GeoJSONSource, type LayerSpecification, type StyleSpecification, type VectorTileSource} from 'maplibre-gl';
import type {Feature, FeatureCollection, Geometry, Point, Position} from 'geojson';
import {base, cacheMode, getJson, headers} from './api';
import {inside, middle, polygonsOf, type Box} from './geo';
import {lang, onLang, pick, t} from './i18n';

declare const WORKER_FILE: string;

/** The collections shown, from the ground up. */
export const COLLECTIONS = ['divisions', 'farmland', 'suspected-sites', 'contaminated-sites'] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** What a colour of a style stands for. */
export interface LegendEntry {
  value?: string;
  title_zh: string;
  title_en: string;
  colour: string;
}

/** What is used here of the style that the server has for a collection. */
interface ServedStyle {
  layers: LayerSpecification[];
  metadata: {'jingtu:legend': LegendEntry[]};
}

const SITE_LABELS_FROM = 12.5;
const FONT = ['PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', 'system-ui', 'sans-serif'];
// The weight of a locally drawn label is read from the name of the first font; this one exists nowhere and only carries it.
const BOLD = ['Label Semibold', ...FONT];

const WHOLE_COUNTRY: Box = [73.5, 17.5, 135.1, 53.6];
const FIT = {padding: 40, duration: 600} as const;

/** Layers above all collections; new collections are slid in below the first of them. */
const OVERLAYS: LayerSpecification[] = [
  {id: 'site-labels', type: 'symbol', source: 'site-labels', minzoom: SITE_LABELS_FROM,
    layout: {'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12, 'text-max-width': 10, 'text-padding': 6},
    paint: {'text-color': '#3b2326', 'text-halo-color': '#ffffff', 'text-halo-width': 1.5}},
  {id: 'division-labels-county', type: 'symbol', source: 'division-labels', minzoom: 7, maxzoom: SITE_LABELS_FROM, filter: ['==', ['get', 'level'], 'county'],
    layout: {'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12, 'text-padding': 4, 'text-max-width': 8},
    paint: {'text-color': '#6a6754', 'text-halo-color': '#fbfaf5', 'text-halo-width': 1.4}},
  {id: 'division-labels-prefecture', type: 'symbol', source: 'division-labels', minzoom: 4.2, maxzoom: 9.5, filter: ['==', ['get', 'level'], 'prefecture'],
    layout: {'text-field': ['get', 'label'], 'text-font': BOLD, 'text-size': ['interpolate', ['linear'], ['zoom'], 4, 11.5, 9, 15], 'text-padding': 4, 'text-max-width': 8},
    paint: {'text-color': '#4b4838', 'text-halo-color': '#fbfaf5', 'text-halo-width': 1.6}},
  {id: 'division-labels-province', type: 'symbol', source: 'division-labels', maxzoom: 6.5, filter: ['==', ['get', 'level'], 'province'],
    layout: {'text-field': ['get', 'label'], 'text-font': BOLD, 'text-size': ['interpolate', ['linear'], ['zoom'], 3, 12, 6, 16], 'text-letter-spacing': 0.12, 'text-padding': 4, 'text-max-width': 9},
    paint: {'text-color': '#2f2d22', 'text-halo-color': '#fbfaf5', 'text-halo-width': 1.8}},
  {id: 'selected-fill', type: 'fill', source: 'selected', paint: {'fill-color': '#0b6e8f', 'fill-opacity': 0.12}},
  {id: 'selected-line', type: 'line', source: 'selected', layout: {'line-join': 'round'}, paint: {'line-color': '#0b6e8f', 'line-width': 3}},
  {id: 'selected-dot', type: 'circle', source: 'selected', maxzoom: 11, filter: ['==', ['get', 'mark'], 'middle'], paint: {'circle-color': 'rgba(0,0,0,0)', 'circle-radius': 11, 'circle-stroke-color': '#0b6e8f', 'circle-stroke-width': 2.5}},
  {id: 'draw-fill', type: 'fill', source: 'draw', filter: ['==', ['get', 'kind'], 'area'], paint: {'fill-color': '#1f5fbf', 'fill-opacity': 0.14}},
  {id: 'draw-casing', type: 'line', source: 'draw', filter: ['in', ['get', 'kind'], ['literal', ['area', 'line']]], layout: {'line-join': 'round'}, paint: {'line-color': '#ffffff', 'line-width': 4.5}},
  {id: 'draw-line', type: 'line', source: 'draw', filter: ['in', ['get', 'kind'], ['literal', ['area', 'line']]], layout: {'line-join': 'round'}, paint: {'line-color': '#1f5fbf', 'line-width': 2.2}},
  {id: 'draw-middle', type: 'circle', source: 'draw', filter: ['==', ['get', 'kind'], 'middle'], paint: {'circle-radius': 3.5, 'circle-color': '#1f5fbf', 'circle-opacity': 0.55, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1}},
  {id: 'draw-vertex', type: 'circle', source: 'draw', filter: ['==', ['get', 'kind'], 'vertex'], paint: {'circle-radius': 5.5, 'circle-color': '#ffffff', 'circle-stroke-color': '#1f5fbf', 'circle-stroke-width': 2.2}},
];

const EMPTY: FeatureCollection = {type: 'FeatureCollection', features: []};

function style(): StyleSpecification {
  const geojson = {type: 'geojson', data: EMPTY} as const;
  return {
    version: 8,
    sources: {'site-labels': geojson, 'division-labels': geojson, selected: geojson, draw: geojson},
    layers: [{id: 'background', type: 'background', paint: {'background-color': '#e7ebe6'}}, ...OVERLAYS],
  };
}

type Labels = 'division-labels' | 'site-labels';

/** A feature of the register under the pointer. */
export interface Found {
  collection: Collection;
  id: string;
  properties: Record<string, unknown>;
  geometry: Geometry;
}

/** The map of the page. Collections are added as the caller's rights allow. */
export class RegisterMap {
  readonly map: MapLibre;
  /** How many pixels at the right and the bottom of the map are covered by a card; what is fitted stays clear of them. */
  covered: () => {right: number; bottom: number} = () => ({right: 0, bottom: 0});
  /** Resolves when everything first asked for has been drawn. */
  readonly ready: Promise<void>;
  private readonly shown = new Set<Collection>(COLLECTIONS);
  private readonly present = new Set<Collection>();
  private readonly styles = new Map<Collection, ServedStyle>();
  private extent: Box = WHOLE_COUNTRY;
  private readonly styled: Promise<void>;

  constructor(container: HTMLElement, private readonly onFault: (layer: string, error: {message: string}) => void) {
    setWorkerUrl(new URL(`assets/${WORKER_FILE}`, base).href);
    this.map = new MapLibre({
      container,
      style: style(),
      bounds: WHOLE_COUNTRY,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      maxZoom: 20,
      renderWorldCopies: false,
      transformRequest: (url) => {
        if (!url.startsWith(base)) return {url};
        const cache = cacheMode();
        return {url, headers: headers(), ...(cache ? {cache} : {})};
      },
    });
    this.styled = new Promise((resolve) => this.map.once('style.load', () => resolve()));
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({unit: 'metric', maxWidth: 110}), 'bottom-left');
    this.map.getCanvas().setAttribute('aria-label', t('map.label'));
    onLang(() => {
      this.map.getCanvas().setAttribute('aria-label', t('map.label'));
      this.label();
    });
    this.map.on('error', (event) => {
      const source = (event as {sourceId?: string}).sourceId;
      onFault(source ?? '', event.error);
    });
    this.map.on('idle', () => this.label());
    this.ready = this.start();
  }

  private begun: () => void = () => {};
  private readonly begin = new Promise<void>((resolve) => (this.begun = resolve));

  private async start(): Promise<void> {
    await this.begin;
    await new Promise<void>((resolve) => {
      const done = () => {
        // The idle after which the labels of the divisions still have to be placed is not yet the end.
        if (this.map.loaded() && this.map.areTilesLoaded()) resolve();
        else this.map.once('idle', done);
      };
      this.map.once('idle', done);
      this.map.triggerRepaint();
    });
  }

  /** Reads how the collections are drawn, as far as that is not known yet; one whose style cannot be had is not drawn. */
  async learn(allowed: ReadonlySet<Collection>): Promise<void> {
    await Promise.all([...allowed].filter((one) => !this.styles.has(one)).map(async (one) => {
      try {
        this.styles.set(one, await getJson<ServedStyle>(`ogc/styles/${one}`));
      } catch (error) {
        this.onFault(one, {message: error instanceof Error ? error.message : String(error)});
      }
    }));
  }

  /** What the colours of a collection stand for; nothing as long as its style is not known. */
  legend(collection: Collection): LegendEntry[] {
    return this.styles.get(collection)?.metadata['jingtu:legend'] ?? [];
  }

  /** The colour of a class or stage on the map, and one that stands for nothing where no collection on it has that. */
  colourOf(value: string): string {
    for (const collection of COLLECTIONS) {
      const entry = this.legend(collection).find((one) => one.value === value);
      if (entry) return entry.colour;
    }
    return '#667a88';
  }

  /** The layers of the style that draw one collection, in drawing order. */
  private layersOf(collection: Collection): LayerSpecification[] {
    return this.styles.get(collection)?.layers ?? [];
  }

  /** Shows exactly the collections that this caller may see and whose styles are known, and reads their tiles anew. */
  async setVisible(allowed: ReadonlySet<Collection>): Promise<void> {
    await this.styled;
    for (const collection of COLLECTIONS) {
      const tiles = [`${base}ogc/collections/${collection}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt`];
      if (!allowed.has(collection) || !this.styles.has(collection)) {
        if (this.present.delete(collection)) {
          for (const layer of this.layersOf(collection)) this.map.removeLayer(layer.id);
          this.map.removeSource(collection);
        }
      } else if (this.present.has(collection)) {
        this.map.getSource<VectorTileSource>(collection)?.setTiles(tiles);
      } else {
        this.present.add(collection);
        this.map.addSource(collection, {type: 'vector', tiles, minzoom: 0, maxzoom: 16});
        const above = this.firstAbove(collection);
        for (const layer of this.layersOf(collection)) {
          const visibility = this.shown.has(collection) ? 'visible' : 'none';
          this.map.addLayer({...layer, layout: {...layer.layout, visibility}} as LayerSpecification, above);
        }
      }
    }
    this.begun();
  }

  private firstAbove(collection: Collection): string {
    const later = COLLECTIONS.slice(COLLECTIONS.indexOf(collection) + 1).find((one) => this.present.has(one) && this.map.getLayer(this.layersOf(one)[0]!.id));
    return later ? this.layersOf(later)[0]!.id : OVERLAYS[0]!.id;
  }

  /** Turns a layer on or off. */
  toggle(collection: Collection, on: boolean): void {
    if (on) this.shown.add(collection);
    else this.shown.delete(collection);
    if (this.present.has(collection)) {
      for (const layer of this.layersOf(collection)) this.map.setLayoutProperty(layer.id, 'visibility', on ? 'visible' : 'none');
    }
    this.label();
  }

  isOn(collection: Collection): boolean {
    return this.shown.has(collection);
  }

  /** Sets the extent that `home` goes to. */
  setExtent(box: Box): void {
    this.extent = box;
  }

  home(animate = true): void {
    this.fit(this.extent, animate);
  }

  /** Brings a box into view. */
  fit(box: Box, animate = true): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const edge = Math.min(FIT.padding, this.map.getContainer().clientWidth / 8);
    const {right, bottom} = this.covered();
    this.map.fitBounds(box, {padding: {left: edge, top: edge, right: edge + right, bottom: edge + bottom}, maxZoom: 16, duration: animate && !calm ? FIT.duration : 0});
  }

  /** The records of the register at a point of the screen, the topmost first, each once. */
  at(point: {x: number; y: number}): Found[] {
    const layers = [...COLLECTIONS].reverse()
      .filter((one) => one !== 'divisions' && this.present.has(one) && this.shown.has(one))
      .flatMap((one) => this.layersOf(one).map((layer) => layer.id).filter((id) => /-(fill|dot)$/.test(id)));
    if (layers.length === 0) return [];
    const around: [[number, number], [number, number]] = [[point.x - 3, point.y - 3], [point.x + 3, point.y + 3]];
    const found = new Map<string, Found>();
    for (const feature of this.map.queryRenderedFeatures(around, {layers})) {
      const collection = feature.source as Collection;
      const id = String(feature.properties['id'] ?? feature.id ?? feature.properties['code'] ?? '');
      const key = `${collection}/${id}`;
      if (id && !found.has(key)) found.set(key, {collection, id, properties: feature.properties, geometry: feature.geometry});
    }
    const order = (one: Found) => -COLLECTIONS.indexOf(one.collection);
    return [...found.values()].sort((a, b) => order(a) - order(b));
  }

  /** The names of the divisions at a point of the screen, the largest first. */
  divisionsAt(point: {x: number; y: number}): string[] {
    if (!this.present.has('divisions') || !this.shown.has('divisions')) return [];
    const names = new Map<string, string>();
    for (const {properties} of this.map.queryRenderedFeatures([point.x, point.y], {layers: ['divisions-fill']})) {
      names.set(String(properties['code']), pick(properties, 'name'));
    }
    // A code begins with that of the division above it and fills up with zeros, so their order is that of size.
    return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
  }

  /** Marks a geometry as the one looked at, or nothing. */
  select(geometry: Geometry | null): void {
    const features: Feature[] = [];
    if (geometry) {
      features.push({type: 'Feature', properties: {}, geometry});
      const area = geometry.type === 'Polygon' || geometry.type === 'MultiPolygon' ? geometry : null;
      const centre = area ? middle(polygonsOf(area)[0]?.[0] ?? []) : null;
      if (centre) features.push({type: 'Feature', properties: {mark: 'middle'}, geometry: {type: 'Point', coordinates: [centre.x, centre.y]}});
    }
    this.put('selected', {type: 'FeatureCollection', features});
  }

  /** Puts data into one of the map's own sources. */
  put(source: 'selected' | 'draw' | Labels, data: FeatureCollection): void {
    this.map.getSource<GeoJSONSource>(source)?.setData(data);
  }

  private readonly labelled = new Map<Labels, string>();

  /**
   * Names each division and each site once, in the middle of what is seen of it. Tiles cut them into pieces, and a
   * label layer on the tiles would repeat the name in every piece.
   */
  private label(): void {
    const zoom = this.map.getZoom();
    const divisions = this.pieces('divisions', ({level}) => zoom >= 6.5 || level === 'province' || level === 'prefecture');
    this.putLabels('division-labels', divisions.map(({properties, place}) => {
      const [zh, en, level] = [properties['name_zh'], properties['name_en'], properties['level']];
      const label = String((lang() === 'zh' ? zh || en : en || zh) ?? '');
      return {label, level: level === 'province' || level === 'prefecture' ? level : 'county', place};
    }));
    const sites = zoom < SITE_LABELS_FROM ? [] : (['contaminated-sites', 'suspected-sites'] as const).flatMap((one) => this.pieces(one, () => true));
    this.putLabels('site-labels', sites.map(({properties, place}) => ({label: String(properties['name'] ?? properties['code'] ?? ''), level: 'site', place})));
  }

  /** The features of a collection in view, each with the place for its label. */
  private pieces(collection: Collection, wanted: (properties: Record<string, unknown>) => boolean): Array<{properties: Record<string, unknown>; place: [number, number]}> {
    if (!this.present.has(collection) || !this.shown.has(collection)) return [];
    const bounds = this.map.getBounds();
    const view: Box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const found = new Map<string, {properties: Record<string, unknown>; rings: Position[][]}>();
    for (const {properties, geometry} of this.map.querySourceFeatures(collection, {sourceLayer: collection})) {
      if (!wanted(properties) || (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon')) continue;
      const key = String(properties['id'] ?? properties['code']);
      const known = found.get(key) ?? {properties, rings: [] as Position[][]};
      for (const rings of polygonsOf(geometry)) {
        const ring = clip(rings[0] ?? [], view);
        if (ring.length > 2) known.rings.push(ring);
      }
      found.set(key, known);
    }
    return [...found.values()].flatMap(({properties, rings}) => {
      const place = anchor(rings);
      return place ? [{properties, place}] : [];
    });
  }

  private putLabels(source: Labels, labels: Array<{label: string; level: string; place: [number, number]}>): void {
    const features = labels
      .map(({label, level, place}): Feature<Point> => ({type: 'Feature', properties: {label, level}, geometry: {type: 'Point', coordinates: place}}))
      .map((feature) => ({feature, said: JSON.stringify(feature)}))
      .sort((a, b) => (a.said < b.said ? -1 : 1))
      .map(({feature}) => feature);
    const said = JSON.stringify(features);
    // Setting the same data again would make the map busy, then idle, then come here again for ever.
    if (said === this.labelled.get(source)) return;
    this.labelled.set(source, said);
    this.put(source, {type: 'FeatureCollection', features});
  }
}

/** The part of a ring inside a box (Sutherland and Hodgman's way, one side after the other). */
function clip(ring: Position[], box: Box): Position[] {
  let points = ring;
  for (const side of [0, 1, 2, 3] as const) {
    const axis = side % 2;
    const limit = box[side];
    const within = (p: Position) => (side < 2 ? p[axis]! >= limit : p[axis]! <= limit);
    const next: Position[] = [];
    points.forEach((p, index) => {
      const q = points[(index + 1) % points.length]!;
      if (within(p)) next.push(p);
      if (within(p) !== within(q)) {
        const part = (limit - p[axis]!) / (q[axis]! - p[axis]!);
        next.push([p[0]! + part * (q[0]! - p[0]!), p[1]! + part * (q[1]! - p[1]!)]);
      }
    });
    points = next;
    if (points.length === 0) break;
  }
  return points;
}

/** The middle of all pieces together when it lies inside one of them, else the middle of the largest. */
function anchor(rings: Position[][]): [number, number] | null {
  const middles = rings.map(middle).filter((one) => one.area > 0);
  if (middles.length === 0) return null;
  const total = middles.reduce((sum, one) => sum + one.area, 0);
  const x = middles.reduce((sum, one) => sum + one.x * one.area, 0) / total;
  const y = middles.reduce((sum, one) => sum + one.y * one.area, 0) / total;
  if (rings.some((ring) => inside(x, y, ring))) return [x, y];
  const largest = middles.reduce((a, b) => (b.area > a.area ? b : a));
  return [largest.x, largest.y];
}
