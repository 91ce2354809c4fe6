// Reading a parcel from a GeoJSON file, with every refusal explained.
import type {Feature, Geometry, Position} from 'geojson';
import {t} from './i18n';
import type {Area} from './types';

/** One parcel found in a file. */
export interface Parcel {
  name: string;
  geometry: Area;
  properties: Record<string, unknown>;
}

/** What a file gave: its parcels, and notes on what was put right or left out. */
export interface Reading {
  parcels: Parcel[];
  notes: string[];
}

/** Why a file was not taken, in the user's language. */
export class FileRefused extends Error {}

const MOST_MEGABYTES = 20;
const NAMES = ['name', 'name_zh', '名称', '地块名称', 'DKMC', 'WRDKMC', 'code', '编号', '地块编号', 'DKBM', 'reference', 'id', 'NAME', 'Name'];
const GEOGRAPHIC = /(CRS84|EPSG:{1,2}(4490|4326)$|EPSG\/[^/]*\/(4490|4326)$)/i;

/** Reads a chosen or dropped file. */
export async function readFile(file: File): Promise<Reading> {
  if (!/\.(geo)?json$/i.test(file.name)) throw new FileRefused(t('file.err.type'));
  if (file.size > MOST_MEGABYTES * 1024 * 1024) throw new FileRefused(t('file.err.large', {n: MOST_MEGABYTES}));
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch (error) {
    throw new FileRefused(t('file.err.read', {why: error instanceof Error ? error.message : String(error)}));
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    throw new FileRefused(t('file.err.encoding'));
  }
  return readText(text);
}

/** Reads GeoJSON text: a Feature, a FeatureCollection or a bare geometry, with Polygon or MultiPolygon parcels. */
export function readText(text: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FileRefused(t('file.err.json', {why: error instanceof Error ? error.message : String(error)}));
  }
  if (!value || typeof value !== 'object') throw new FileRefused(t('file.err.notgeojson'));
  refuseForeignCrs(value);
  const features = featuresOf(value as {type?: unknown});
  if (features.length === 0) throw new FileRefused(t('file.err.empty'));

  const notes = new Set<string>();
  const parcels: Parcel[] = [];
  const others = new Set<string>();
  let skipped = 0;
  features.forEach((feature, index) => {
    const geometry = feature?.geometry as Geometry | null | undefined;
    const properties = (feature?.properties ?? {}) as Record<string, unknown>;
    if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') {
      others.add(geometry?.type ?? 'null');
      skipped += 1;
      return;
    }
    const name = nameOf(feature, properties) || t('file.name', {n: index + 1});
    parcels.push({name, geometry: clean(geometry, name, notes), properties});
  });
  if (parcels.length === 0) throw new FileRefused(t('file.err.nopolygon', {types: [...others].join(', ')}));
  if (skipped > 0) notes.add(t('file.note.skipped', {n: skipped}));
  return {parcels, notes: [...notes]};
}

function featuresOf(value: {type?: unknown; features?: unknown}): Feature[] {
  switch (value.type) {
    case 'FeatureCollection':
      if (!Array.isArray(value.features)) throw new FileRefused(t('file.err.notgeojson'));
      return value.features as Feature[];
    case 'Feature':
      return [value as Feature];
    case 'Point': case 'MultiPoint': case 'LineString': case 'MultiLineString':
    case 'Polygon': case 'MultiPolygon': case 'GeometryCollection':
      return [{type: 'Feature', properties: {}, geometry: value as Geometry}];
    default:
      throw new FileRefused(t('file.err.notgeojson'));
  }
}

/** Official files often carry the old `crs` member; longitude and latitude of CGCS2000 or WGS 84 are taken, nothing else. */
function refuseForeignCrs(value: object): void {
  const crs = (value as {crs?: {properties?: {name?: unknown}} | null}).crs;
  const name = crs?.properties?.name;
  if (typeof name === 'string' && !GEOGRAPHIC.test(name)) throw new FileRefused(t('file.err.crs', {crs: name}));
}

function nameOf(feature: Feature, properties: Record<string, unknown>): string {
  for (const member of NAMES) {
    const value = properties[member];
    if ((typeof value === 'string' && value.trim()) || typeof value === 'number') return String(value).trim().slice(0, 80);
  }
  return feature.id !== undefined ? String(feature.id) : '';
}

function clean(geometry: Area, name: string, notes: Set<string>): Area {
  const polygon = (rings: unknown): Position[][] => {
    if (!Array.isArray(rings) || rings.length === 0) throw new FileRefused(t('file.err.ring', {name, ring: 1}));
    return rings.map((ring, index) => cleanRing(ring, name, index + 1, notes));
  };
  if (geometry.type === 'Polygon') return {type: 'Polygon', coordinates: polygon(geometry.coordinates)};
  if (!Array.isArray(geometry.coordinates) || geometry.coordinates.length === 0) throw new FileRefused(t('file.err.ring', {name, ring: 1}));
  return {type: 'MultiPolygon', coordinates: geometry.coordinates.map(polygon)};
}

function cleanRing(ring: unknown, name: string, index: number, notes: Set<string>): Position[] {
  if (!Array.isArray(ring)) throw new FileRefused(t('file.err.ring', {name, ring: index}));
  const points = ring.map((point: unknown): Position => {
    const [x, y] = Array.isArray(point) ? point : [];
    if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x) || !Number.isFinite(y)) {
      throw new FileRefused(t('file.err.number', {name}));
    }
    if (Math.abs(x) <= 90 && Math.abs(y) > 90 && Math.abs(y) <= 180) throw new FileRefused(t('file.err.swapped', {x, y}));
    if (Math.abs(x) > 180 || Math.abs(y) > 90) throw new FileRefused(t('file.err.projected', {x, y}));
    // In China longitudes run from 73 to 136 and latitudes from 3 to 54, so an exchange below 90 shows as well.
    if (x >= 3 && x <= 54 && y >= 73 && y <= 90) throw new FileRefused(t('file.err.swapped', {x, y}));
    return [x, y];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) {
    points.push([first[0]!, first[1]!]);
    notes.add(t('file.note.closed'));
  }
  if (points.length < 4) throw new FileRefused(t('file.err.ring', {name, ring: index}));
  return points;
}
