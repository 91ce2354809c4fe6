// Drawing one polygon: click by click, with the keyboard as well, and changed afterwards by its corners.
import type {Map as MapLibre, MapMouseEvent, MapTouchEvent} from 'maplibre-gl';
import type {Feature, Position} from 'geojson';
import {crosses, polygonsOf, roughArea} from './geo';
import type {RegisterMap} from './map';
import type {Area} from './types';

export type DrawState = 'empty' | 'drawing' | 'done';

/** A drawn or loaded outline with more corners than this is shown but not edited by hand. */
const MOST_EDITABLE = 300;
const NEAR_PIXELS = 9;

/** The tool and the parcel it holds. */
export class DrawTool {
  state: DrawState = 'empty';
  /** Corners of the outline being drawn or edited, without the repeated first one. */
  private points: Position[] = [];
  /** A parcel that is not edited by hand: several parts, holes, or very many corners. */
  private fixed: Area | null = null;
  private pointer: Position | null = null;
  private readonly map: MapLibre;

  constructor(private readonly register: RegisterMap, private readonly changed: () => void, private readonly refused: () => void) {
    this.map = register.map;
    this.map.on('mousemove', (event) => {
      if (this.state !== 'drawing') return;
      this.pointer = event.lngLat.toArray();
      this.paint();
    });
    this.map.on('dblclick', (event) => {
      if (this.state !== 'drawing') return;
      event.preventDefault();
      this.finish();
    });
    for (const [start, move, end] of [['mousedown', 'mousemove', 'mouseup'], ['touchstart', 'touchmove', 'touchend']] as const) {
      this.map.on(start, (event) => this.grab(event, move, end));
    }
    this.map.on('mousemove', ({point}) => {
      if (this.state === 'done') this.map.getCanvas().classList.toggle('grab', this.handleAt(point) !== null);
    });
    window.addEventListener('keydown', (event) => this.key(event));
  }

  /** The parcel as it stands, or null. */
  get geometry(): Area | null {
    if (this.fixed) return this.fixed;
    if (this.state !== 'done') return null;
    return {type: 'Polygon', coordinates: [[...this.points, this.points[0]!]]};
  }

  get count(): number {
    return this.points.length;
  }

  get editable(): boolean {
    return this.state === 'done' && !this.fixed;
  }

  /** About the area in square metres, for the hint while drawing. */
  get area(): number {
    const area = this.geometry;
    if (area) return roughArea(area);
    return this.points.length > 2 ? roughArea({type: 'Polygon', coordinates: [this.points]}) : 0;
  }

  get crossing(): boolean {
    return !this.fixed && this.points.length > 3 && crosses(this.points);
  }

  start(): void {
    this.points = [];
    this.fixed = null;
    this.pointer = null;
    this.enter('drawing');
    this.map.doubleClickZoom.disable();
    this.map.getCanvas().focus({preventScroll: true});
  }

  /** Shows a parcel that came from a file. */
  load(area: Area): void {
    const rings = area.type === 'Polygon' ? area.coordinates : area.coordinates.length === 1 ? area.coordinates[0]! : null;
    const outline = rings?.length === 1 ? rings[0]!.slice(0, -1) : null;
    if (outline && outline.length <= MOST_EDITABLE) {
      this.points = outline;
      this.fixed = null;
    } else {
      this.points = [];
      this.fixed = area;
    }
    this.enter('done');
  }

  clear(): void {
    this.points = [];
    this.fixed = null;
    this.enter('empty');
  }

  undo(): void {
    if (this.state !== 'drawing') return;
    this.points.pop();
    this.paint();
    this.changed();
  }

  /** Closes the outline; refuses below three corners. */
  finish(): void {
    if (this.state !== 'drawing') return;
    if (this.points.length < 3) {
      this.refused();
      return;
    }
    this.enter('done');
  }

  /** Takes a click of the map; true when it was the tool's. */
  click(event: MapMouseEvent): boolean {
    if (this.state === 'drawing') {
      this.add(event.lngLat.toArray());
      return true;
    }
    return this.state === 'done' && this.handleAt(event.point) !== null;
  }

  private add(position: Position): void {
    const here = this.map.project(position as [number, number]);
    const near = (other: Position | undefined) => other !== undefined && here.dist(this.map.project(other as [number, number])) < NEAR_PIXELS;
    if (this.points.length > 2 && near(this.points[0])) {
      this.finish();
      return;
    }
    // The second click of a double click falls on the corner the first one made.
    if (near(this.points.at(-1))) return;
    this.points.push(position);
    this.paint();
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    if (this.state !== 'drawing' || event.ctrlKey && event.key !== 'z' || event.altKey || event.metaKey && event.key !== 'z') return;
    const target = event.target as HTMLElement | null;
    if (target?.closest('input, select, textarea, [contenteditable]')) return;
    // Enter and Space on a focused button are that button's.
    const onButton = target?.closest('button, a, summary') !== null && target !== this.map.getCanvas();
    if (event.key === 'Escape') this.clear();
    else if (event.key === 'Backspace' || event.key === 'z' && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.key === 'Enter' && !onButton) this.finish();
    else if (event.key === ' ' && !onButton) this.add(this.map.getCenter().toArray());
    else return;
    event.preventDefault();
  }

  private enter(state: DrawState): void {
    const was = this.state;
    this.state = state;
    this.pointer = null;
    if (was === 'drawing') {
      // Not before the double click that ended the drawing has run its course.
      setTimeout(() => this.state !== 'drawing' && this.map.doubleClickZoom.enable(), 350);
    }
    this.map.getCanvas().classList.toggle('drawing', state === 'drawing');
    this.map.getCanvas().classList.remove('grab');
    this.paint();
    this.changed();
  }

  /** The corner (or the middle of an edge, as the corner it would become) under a point of the screen. */
  private handleAt(point: {x: number; y: number}): {index: number; fresh: boolean} | null {
    if (!this.editable) return null;
    const reach = (position: Position) => {
      const there = this.map.project(position as [number, number]);
      return Math.hypot(there.x - point.x, there.y - point.y) <= NEAR_PIXELS;
    };
    const corner = this.points.findIndex(reach);
    if (corner >= 0) return {index: corner, fresh: false};
    const edge = this.middles().findIndex(reach);
    return edge >= 0 ? {index: edge + 1, fresh: true} : null;
  }

  private grab(event: MapMouseEvent | MapTouchEvent, move: 'mousemove' | 'touchmove', end: 'mouseup' | 'touchend'): void {
    const handle = this.handleAt(event.point);
    if (!handle) return;
    event.preventDefault();
    if (handle.fresh) this.points.splice(handle.index, 0, event.lngLat.toArray());
    const follow = (moved: MapMouseEvent | MapTouchEvent) => {
      this.points[handle.index] = moved.lngLat.toArray();
      this.paint();
    };
    this.map.on(move, follow);
    this.map.once(end, () => {
      this.map.off(move, follow);
      this.changed();
    });
  }

  private middles(): Position[] {
    return this.points.map((a, index) => {
      const b = this.points[(index + 1) % this.points.length]!;
      return [(a[0]! + b[0]!) / 2, (a[1]! + b[1]!) / 2];
    });
  }

  private paint(): void {
    const features: Feature[] = [];
    const put = (kind: string, geometry: Feature['geometry']) => features.push({type: 'Feature', properties: {kind}, geometry});
    if (this.fixed) {
      for (const rings of polygonsOf(this.fixed)) put('area', {type: 'Polygon', coordinates: rings});
    } else if (this.state === 'drawing') {
      const line = this.pointer && this.points.length ? [...this.points, this.pointer] : this.points;
      if (line.length > 2) put('area', {type: 'Polygon', coordinates: [[...line, line[0]!]]});
      else if (line.length === 2) put('line', {type: 'LineString', coordinates: line});
    } else if (this.state === 'done') {
      put('area', {type: 'Polygon', coordinates: [[...this.points, this.points[0]!]]});
      for (const point of this.middles()) put('middle', {type: 'Point', coordinates: point});
    }
    if (!this.fixed && this.state !== 'empty') for (const point of this.points) put('vertex', {type: 'Point', coordinates: point});
    this.register.put('draw', {type: 'FeatureCollection', features});
  }
}
