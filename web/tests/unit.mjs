// What can be proved without a browser: the reading of parcel files, the small geometry of the screen, steps as forms.
import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
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
const {askedBy, kindOf} = await load('proof');
const {WIDGETS, clockKey, eventOf, faultsByField, fieldsAsked, isAside, kindsAt, wireValue} = await load('steps');

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

// The fields of the rules themselves: the page must know how to ask for each, and what to call it in a log.
const rules = await readFile(path.join(source, '..', '..', 'src', 'registers', 'site', 'rules', 'event.rs'), 'utf8');
const fieldNames = [...rules.matchAll(/Field::\w+ => "([a-z_]+)"/g)].map(([, name]) => name);

test('every field of the rules has its widget and its name, and every choice its words', () => {
  assert.ok(fieldNames.length >= 43, `${fieldNames.length} fields found`);
  for (const name of fieldNames) {
    assert.ok(name === 'occasion' || WIDGETS[name], `${name} has no widget`);
    assert.ok(`field.${name}` in dict, `${name} has no name`);
  }
  for (const [name, widget] of Object.entries(WIDGETS)) {
    assert.ok(name === 'occurred_on' || fieldNames.includes(name), `${name} is no field`);
    for (const word of widget.of ?? []) assert.ok(`${widget.prefix}${word}` in dict, `${widget.prefix}${word}`);
  }
});

test('the choices are those of the rules', () => {
  const words = (type) => [...new RegExp(`${type} \\{([\\s\\S]*?)\\n    \\}`).exec(rules)[1].matchAll(/= "([a-z0-9_]+)",/g)].map(([, word]) => word);
  for (const [type, field] of [['AssessedClass', 'assessed_class'], ['Medium', 'media'], ['Course', 'status'], ['Ground', 'ground']]) {
    assert.deepEqual(WIDGETS[field].of, words(type), type);
  }
});

const review = {type: 'preliminary_report_reviewed', cases: ['contaminated', 'returned'], form: [
  {field: 'conclusion', required: true, cases: []},
  {field: 'risk_grade', required: true, cases: ['contaminated']},
  {field: 'reason', required: true, cases: ['returned']},
  {field: 'note', required: false, cases: []},
]};

test('a step asks for the fields of the case chosen and sends no other', () => {
  const asked = (entered) => fieldsAsked(review, entered).map(({field, needed}) => `${field}${needed ? '*' : ''}`);
  assert.deepEqual(asked({}), ['conclusion*', 'note']);
  assert.deepEqual(asked({conclusion: 'contaminated'}), ['conclusion*', 'risk_grade*', 'note']);
  assert.deepEqual(asked({conclusion: 'returned'}), ['conclusion*', 'reason*', 'note']);
  // What was typed for another case stays behind.
  const entered = {occurred_on: '2026-11-20', conclusion: 'contaminated', risk_grade: 'high', reason: '采样不足', note: '  '};
  assert.deepEqual(eventOf(review, entered), {type: review.type, occurred_on: '2026-11-20', conclusion: 'contaminated', risk_grade: 'high'});
});

test('values are sent as the server reads them', () => {
  assert.equal(wireValue('quantity_t', '1250.5'), 1250.5);
  assert.equal(wireValue('quantity_t', 'viel'), 'viel');
  assert.equal(wireValue('plan_year', ''), undefined);
  assert.equal(wireValue('exceeded', 'false'), false);
  assert.deepEqual(wireValue('media', ['soil', 'air']), ['soil', 'air']);
  assert.equal(wireValue('media', []), undefined);
  assert.deepEqual(wireValue('party', {name: ' 示例 ', credit_code: '91152921demx00014e'}), {name: '示例', credit_code: '91152921DEMX00014E'});
  assert.equal(wireValue('party', {name: ' ', credit_code: ''}), undefined);
  assert.equal(wireValue('note', ' 备注 '), '备注');
});

test('one clock of several of a rule is named by its occasion', () => {
  const step = {type: 'deadline_extended', form: [{field: 'deadline_rule', required: true}, {field: 'occasion'}, {field: 'until', required: true}]};
  assert.deepEqual(fieldsAsked(step, {}).map(({field}) => field), ['deadline_rule', 'until']);
  const extended = (key) => eventOf(step, {occurred_on: '2026-11-20', deadline_rule: key, until: '2026-12-31'});
  assert.deepEqual(extended(clockKey('annual_control_plan', '2026')), {type: step.type, occurred_on: '2026-11-20', deadline_rule: 'annual_control_plan', occasion: '2026', until: '2026-12-31'});
  assert.equal('occasion' in extended(clockKey('detailed_survey_as_notified', '')), false);
});

test('faults stand at the field they name, and none is lost', () => {
  const {at, rest} = faultsByField({errors: [
    {pointer: '/media', message: '缺少地下水'}, {pointer: '/party/credit_code', message: '校验位'}, {pointer: '/geometry/coordinates/0/3', message: '未闭合'},
    {pointer: '/occasion', message: '无此期限'}, {pointer: '/unknown', message: '多余'}, {message: '其他'},
  ]}, ['media', 'party', 'geometry', 'deadline_rule']);
  assert.deepEqual(Object.fromEntries(at), {media: ['缺少地下水'], party: ['校验位'], geometry: ['未闭合'], deadline_rule: ['无此期限']});
  assert.deepEqual(rest.map(({message}) => message), ['多余', '其他']);
  assert.equal(faultsByField({}, ['media']).at.size, 0);
});

test('notices are offered at their stage to the role that issues them', () => {
  const kinds = [
    {kind: 'preliminary_survey', places: [{stages: ['suspected'], issuers: ['county_ecology'], citations: [{article: '13'}]}]},
    {kind: 'return', places: [{stages: ['preliminary_review'], issuers: ['prefecture_ecology'], citations: []}, {stages: ['risk_assessment'], issuers: ['province_ecology'], citations: [{article: '59'}]}]},
  ];
  assert.deepEqual(kindsAt(kinds, 'suspected', 'county_ecology').map(({kind}) => kind), ['preliminary_survey']);
  assert.deepEqual(kindsAt(kinds, 'suspected', 'planning'), []);
  assert.deepEqual(kindsAt(kinds, 'risk_assessment', 'province_ecology').map(({kind, citations}) => [kind, citations[0].article]), [['return', '59']]);
  assert.deepEqual(kindsAt(kinds, 'preliminary_review', 'province_ecology'), []);
});

test('what stands beside the way of a site is told apart', () => {
  assert.equal(isAside('entered_in_error'), true);
  assert.equal(isAside('control_plan_filed'), false);
  assert.equal(isAside('disclosed'), false);
});

test('the address of a QR code is read, and nothing else is taken for one', () => {
  const digest = 'AB'.repeat(32);
  assert.deepEqual(askedBy(`#/verify?number=CX-152921-2026-000017&sha256=${digest}`), {number: 'CX-152921-2026-000017', sha256: 'ab'.repeat(32)});
  assert.deepEqual(askedBy('#/verify?number=CX-1&sha256=12'), {number: 'CX-1'});
  assert.deepEqual(askedBy('#/verify'), {});
  assert.equal(askedBy(''), null);
  assert.equal(askedBy('#/verifying?number=1'), null);
});

test('a file is told by its first bytes', () => {
  const bytes = (text) => new TextEncoder().encode(text);
  assert.equal(kindOf(bytes('%PDF-1.7\n')), 'application/pdf');
  assert.equal(kindOf(bytes('  {"number":1}')), 'application/json');
  assert.equal(kindOf(bytes('\ufeff{}')), 'application/json');
  assert.equal(kindOf(bytes('PK\u0003\u0004')), null);
});
