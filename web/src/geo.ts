// Small geometry for the screen: boxes, middles, rough areas. Areas of record are the server's.
import type {Geometry, Position} from 'geojson';
import type {Area} from './types';

export type Box = [west: number, south: number, east: number, north: number];

/** The box around any geometry, or null when it is empty. */
export function boxOf(geometry: Geometry | null | undefined): Box | null {
  if (!geometry) return null;
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number' && typeof value[1] === 'number') {
      box[0] = Math.min(box[0], value[0]);
      box[1] = Math.min(box[1], value[1]);
      box[2] = Math.max(box[2], value[0]);
      box[3] = Math.max(box[3], value[1]);
    } else {
      value.forEach(visit);
    }
  };
  if (geometry.type === 'GeometryCollection') {
    for (const part of geometry.geometries) {
      const inner = boxOf(part);
      if (inner) box.splice(0, 4, Math.min(box[0], inner[0]), Math.min(box[1], inner[1]), Math.max(box[2], inner[2]), Math.max(box[3], inner[3]));
    }
  } else {
    visit(geometry.coordinates);
  }
  return Number.isFinite(box[0]) ? box : null;
}

/** The polygons of an area, each a list of rings. */
export const polygonsOf = (area: Area): Position[][][] => (area.type === 'Polygon' ? [area.coordinates] : area.coordinates);

/**
 * About how many square metres an area has, holes taken off. Each ring is laid on a plane with the radii of the
 * CGCS2000 ellipsoid at its middle latitude: within a part in a thousand for anything the size of a county.
 */
export function roughArea(area: Area): number {
  let sum = 0;
  for (const rings of polygonsOf(area)) {
    rings.forEach((ring, index) => (sum += (index === 0 ? 1 : -1) * ringArea(ring)));
  }
  return sum;
}

function ringArea(ring: Position[]): number {
  const box = boxOf({type: 'LineString', coordinates: ring});
  if (!box) return 0;
  const radians = Math.PI / 180;
  const a = 6378137;
  const e2 = 0.00669438002290;
  const latitude = ((box[1] + box[3]) / 2) * radians;
  const w = 1 - e2 * Math.sin(latitude) ** 2;
  const east = (a / Math.sqrt(w)) * Math.cos(latitude) * radians;
  const north = ((a * (1 - e2)) / w ** 1.5) * radians;
  let twice = 0;
  ring.forEach((point, index) => {
    const next = ring[(index + 1) % ring.length]!;
    twice += (point[0]! - box[0]) * (next[1]! - box[1]) - (next[0]! - box[0]) * (point[1]! - box[1]);
  });
  return Math.abs(twice / 2) * east * north;
}

/** Whether any two edges of a closed outline (vertices without the repeated first) cross. */
export function crosses(points: Position[]): boolean {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      if (segmentsCross(points[i]!, points[(i + 1) % n]!, points[j]!, points[(j + 1) % n]!)) return true;
    }
  }
  return false;
}

function segmentsCross(a: Position, b: Position, c: Position, d: Position): boolean {
  const side = (p: Position, q: Position, r: Position) => Math.sign((q[0]! - p[0]!) * (r[1]! - p[1]!) - (q[1]! - p[1]!) * (r[0]! - p[0]!));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** The area-weighted middle of an outer ring and its area, in the units of the coordinates. */
export function middle(ring: Position[]): {x: number; y: number; area: number} {
  let twice = 0;
  let x = 0;
  let y = 0;
  const origin = ring[0] ?? [0, 0];
  for (let i = 0; i < ring.length; i++) {
    const p = ring[i]!;
    const q = ring[(i + 1) % ring.length]!;
    const [px, py, qx, qy] = [p[0]! - origin[0]!, p[1]! - origin[1]!, q[0]! - origin[0]!, q[1]! - origin[1]!];
    const cross = px * qy - qx * py;
    twice += cross;
    x += (px + qx) * cross;
    y += (py + qy) * cross;
  }
  if (twice === 0) return {x: origin[0]!, y: origin[1]!, area: 0};
  return {x: origin[0]! + x / (3 * twice), y: origin[1]! + y / (3 * twice), area: Math.abs(twice / 2)};
}

/** Whether a point lies inside a ring (even-odd). */
export function inside(x: number, y: number, ring: Position[]): boolean {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi, xj, yj] = [ring[i]![0]!, ring[i]![1]!, ring[j]![0]!, ring[j]![1]!];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
