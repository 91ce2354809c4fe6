// What can be proved without a browser: the reading of parcel files and the small geometry of the screen.
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build} from 'esbuild';

const source = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src');
const folder = await mkdtemp(path.join(tmpdir(), 'jingtu-unit-'));
after(() => rm(folder, {recursive: true, force: true}));

async function load(name) {
  const outfile = path.join(folder, `${name}.mjs`);
  await build({entryPoints: [path.join(source, `${name}.ts`)], bundle: true, format: 'esm', outfile, logLevel: 'warning'});
  return import(pathToFileURL(outfile));
}

const {readText, FileRefused} = await load('geojson');
const {roughArea, crosses, boxOf, middle, inside} = await load('geo');
const {dict} = await load('dict');

const ring = [[112.4, 39.3], [112.41, 39.3], [112.41, 39.31], [112.4, 39.31], [112.4, 39.3]];
const polygon = {type: 'Polygon', coordinates: [ring]};
const feature = (geometry, properties = {}) => ({type: 'Feature', properties, geometry});
const read = (value) => readText(JSON.stringify(value));
const refusal = (value, pattern) => assert.throws(() => (typeof value === 'string' ? readText(value) : read(value)), (error) => error instanceof FileRefused && pattern.test(error.message));

test('a geometry, a feature and a collection are read', () => {
  assert.deepEqual(read(polygon).parcels.map(({geometry}) => geometry), [polygon]);
  assert.equal(read(feature(polygon, {名称: '甲'})).parcels[0].name, '甲');
  const many = read({type: 'FeatureCollection', features: [feature(polygon), feature({type: 'MultiPolygon', coordinates: [[ring]]}, {code: '乙'})]});
  assert.deepEqual(many.parcels.map(({name}) => name), ['地块 1', '乙']);
  assert.deepEqual(many.notes, []);
});

test('heights are left off', () => {
  const high = read({type: 'Polygon', coordinates: [ring.map(([x, y]) => [x, y, 1051.2])]});
  assert.deepEqual(high.parcels[0].geometry, polygon);
});

test('an open ring is closed and said so', () => {
  const {parcels, notes} = read({type: 'Polygon', coordinates: [ring.slice(0, -1)]});
  assert.deepEqual(parcels[0].geometry, polygon);
  assert.equal(notes.length, 1);
  assert.match(notes[0], /闭合/);
});

test('what is no polygon is left out and counted', () => {
  const {parcels, notes} = read({type: 'FeatureCollection', features: [feature({type: 'Point', coordinates: [112, 39]}), feature(polygon), feature(null)]});
  assert.equal(parcels.length, 1);
  assert.match(notes[0], /2/);
});

test('longitude and latitude of CGCS2000 in the old crs member are taken, other systems refused by name', () => {
  const named = (name) => ({...feature(polygon), crs: {type: 'name', properties: {name}}});
  for (const name of ['urn:ogc:def:crs:EPSG::4490', 'urn:ogc:def:crs:OGC:1.3:CRS84', 'EPSG:4326', 'http://www.opengis.net/def/crs/EPSG/0/4490']) {
    assert.equal(read(named(name)).parcels.length, 1, name);
  }
  for (const name of ['urn:ogc:def:crs:EPSG::4527', 'urn:ogc:def:crs:EPSG::4610', 'EPSG:3857', 'EPSG:44900']) refusal(named(name), /坐标系/);
});

test('every refusal tells its reason', () => {
  refusal('{"type":', /JSON/);
  refusal('[1]', /GeoJSON/);
  refusal({type: 'Topology'}, /GeoJSON/);
  refusal({type: 'FeatureCollection', features: []}, /没有要素/);
  refusal({type: 'LineString', coordinates: ring}, /LineString/);
  refusal({type: 'Polygon', coordinates: [ring.map(([x, y]) => [y, x])]}, /纬度在前/);
  refusal({type: 'Polygon', coordinates: [[[37612345, 4356789], [37612445, 4356789], [37612445, 4356889], [37612345, 4356789]]]}, /投影/);
  refusal({type: 'Polygon', coordinates: [[[112, 39], [112.1, 39], [112, 39]]]}, /四个点/);
  refusal({type: 'Polygon', coordinates: [[['112', 39], [112.1, 39], [112, 39.1], ['112', 39]]]}, /不是数字/);
  refusal({type: 'Polygon', coordinates: []}, /四个点/);
});

test('the rough area agrees with the ellipsoid to a part in a thousand', () => {
  // One degree square of the CGCS2000 ellipsoid from 112 E 39 N, by the closed formula for a band of latitude.
  const e = Math.sqrt(0.0066943800229);
  const a = 6378137;
  const q = (degrees) => {
    const s = Math.sin((degrees * Math.PI) / 180);
    return s / (1 - e * e * s * s) + Math.log((1 + e * s) / (1 - e * s)) / (2 * e);
  };
  const band = (low, high, wide) => ((wide * Math.PI) / 180) * ((a * a * (1 - e * e)) / 2) * (q(high) - q(low));
  const box = (x, y, side) => ({type: 'Polygon', coordinates: [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]});
  for (const side of [0.001, 0.01, 0.1, 1]) {
    const exact = band(39, 39 + side, side);
    assert.ok(Math.abs(roughArea(box(112, 39, side)) / exact - 1) < 1e-3, `side ${side}`);
  }
  const hole = {type: 'Polygon', coordinates: [...box(112, 39, 0.1).coordinates, ...box(112.02, 39.02, 0.05).coordinates]};
  assert.ok(Math.abs(roughArea(hole) / (band(39, 39.1, 0.1) - band(39.02, 39.07, 0.05)) - 1) < 1e-3);
});

test('a crossing outline is seen, a plain one is not', () => {
  assert.equal(crosses([[0, 0], [1, 1], [1, 0], [0, 1]]), true);
  assert.equal(crosses(ring.slice(0, -1)), false);
});

test('box, middle and inside', () => {
  assert.deepEqual(boxOf(polygon), [112.4, 39.3, 112.41, 39.31]);
  assert.equal(boxOf({type: 'GeometryCollection', geometries: []}), null);
  assert.deepEqual(boxOf({type: 'GeometryCollection', geometries: [{type: 'Point', coordinates: [1, 2]}, polygon]}), [1, 2, 112.41, 39.31]);
  const {x, y} = middle(ring);
  assert.ok(Math.abs(x - 112.405) < 1e-9 && Math.abs(y - 39.305) < 1e-9);
  assert.equal(inside(x, y, ring), true);
  assert.equal(inside(0, 0, ring), false);
});

test('both languages say the same things with the same blanks', () => {
  for (const [key, [zh, en]] of Object.entries(dict)) {
    assert.ok(zh && en, key);
    const blanks = (text) => [...text.matchAll(/\{\w+\}/g)].map(([one]) => one).sort();
    assert.deepEqual(blanks(zh), blanks(en), key);
  }
});
