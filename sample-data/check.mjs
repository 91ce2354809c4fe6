// Checks the sample data. Run: node check.mjs (Node 18 or newer, no packages). Exit code 1 when anything
// is wrong. It shares no code with generate.mjs and computes on whole numbers (1e-7 degrees), so that touching and
// overlapping are told apart exactly.
import { readFileSync, mkdirSync, mkdtempSync, copyFileSync, rmSync, readdirSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const read = (f) => JSON.parse(readFileSync(join(HERE, f), 'utf8'));
const errors = [];
const check = (ok, text) => { if (!ok) errors.push(text); };

// ---------------------------------------------------------------- exact planar geometry
const Q = (v) => Math.round(v * 1e7);
const toInt = (g) => (g.type === 'Polygon' ? [g.coordinates] : g.coordinates).map((p) => p.map((r) => r.slice(0, -1).map(([x, y]) => [Q(x), Q(y)])));
/** Sign of the turn a-b-c; exact, through BigInt where a double could round. */
function turn(a, b, c) {
  const x1 = b[0] - a[0], y1 = b[1] - a[1], x2 = c[0] - a[0], y2 = c[1] - a[1], d = x1 * y2 - y1 * x2;
  if (Math.abs(d) > 1e6 && Math.abs(x1 * y2) < 9e15 && Math.abs(y1 * x2) < 9e15) return Math.sign(d);
  const e = BigInt(x1) * BigInt(y2) - BigInt(y1) * BigInt(x2);
  return e > 0n ? 1 : e < 0n ? -1 : 0;
}
const between = (a, b, p) => Math.min(a[0], b[0]) <= p[0] && p[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= p[1] && p[1] <= Math.max(a[1], b[1]);
const crosses = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
const meets = (a, b, c, d) => crosses(a, b, c, d) || [[a, b, c], [a, b, d], [c, d, a], [c, d, b]].some(([p, q, r]) => turn(p, q, r) === 0 && between(p, q, r));
/** 1 inside, 0 on the border, -1 outside a ring. */
function ringSide(p, r) {
  let inside = false;
  for (let i = 0, j = r.length - 1; i < r.length; j = i++) {
    const a = r[j], b = r[i];
    if (turn(a, b, p) === 0 && between(a, b, p)) return 0;
    if (a[1] > p[1] !== b[1] > p[1] && (turn(a, b, p) > 0) === (b[1] > a[1])) inside = !inside;
  }
  return inside ? 1 : -1;
}
function polySide(p, poly) {
  const s = ringSide(p, poly[0]);
  if (s <= 0) return s;
  for (const hole of poly.slice(1)) { const t = ringSide(p, hole); if (t === 0) return 0; if (t > 0) return -1; }
  return 1;
}
const edges = (poly) => poly.flatMap((r) => r.map((p, i) => [p, r[(i + 1) % r.length]]));
function simple(r) {
  if (r.length < 3) return false;
  for (let i = 0; i < r.length; i++) for (let j = i + 1; j < r.length; j++) {
    const [a, b, c, d] = [r[i], r[(i + 1) % r.length], r[j], r[(j + 1) % r.length]];
    if (a[0] === b[0] && a[1] === b[1]) return false;
    if (j === i + 1) { if (turn(a, b, d) === 0 && between(a, b, d)) return false; if (turn(c, d, a) === 0 && between(c, d, a) && r.length > 3) return false; } // folds back
    else if (i === 0 && j === r.length - 1) continue;
    else if (meets(a, b, c, d)) return false;
  }
  return true;
}
const area2 = (r) => r.reduce((s, p, i) => { const q = r[(i + 1) % r.length], o = r[0]; return s + (p[0] - o[0]) * (q[1] - o[1]) - (q[0] - o[0]) * (p[1] - o[1]); }, 0);
const box = (g) => { const b = [Infinity, Infinity, -Infinity, -Infinity]; for (const p of g) for (const [x, y] of p[0]) { b[0] = Math.min(b[0], x); b[1] = Math.min(b[1], y); b[2] = Math.max(b[2], x); b[3] = Math.max(b[3], y); } return b; };
/** Hectares on a sphere-like plane; good to 1 %. */
const hectares = (g) => { const lat = (box(g)[1] + box(g)[3]) / 2e7, k = 0.0111 * 0.01113 * Math.cos((lat * Math.PI) / 180); return (g.reduce((s, p) => s + Math.abs(area2(p[0])) - p.slice(1).reduce((t, r) => t + Math.abs(area2(r)), 0), 0) / 2) * k / 1e4; };
/** A point well inside a polygon: on a scan line through its middle. */
function innerPoint(poly) {
  const ys = [...new Set(poly[0].map((p) => p[1]))].sort((a, b) => a - b), m = Math.floor(ys.length / 2), y = Math.floor((ys[m - 1] + ys[m]) / 2);
  const xs = edges(poly).filter(([a, b]) => a[1] > y !== b[1] > y).map(([a, b]) => a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0])).sort((a, b) => a - b);
  let best = 0; for (let i = 0; i + 1 < xs.length; i += 2) if (xs[i + 1] - xs[i] > xs[best + 1] - xs[best]) best = i;
  return [Math.round((xs[best] + xs[best + 1]) / 2), y];
}
/** Do the interiors meet? Shared borders and corners do not count. */
function overlap(g, h) {
  const a = box(g), b = box(h);
  if (a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1]) return false;
  for (const p of g) for (const q of h) {
    const E = edges(p), F = edges(q);
    if (E.some(([s, t]) => F.some(([u, v]) => crosses(s, t, u, v)))) return true;
    if (p[0].some((x) => polySide(x, q) > 0) || q[0].some((x) => polySide(x, p) > 0)) return true;
    if (polySide(innerPoint(p), q) > 0 || polySide(innerPoint(q), p) > 0) return true;
  }
  return false;
}
/** Is every part of `g` within the one-part polygon `d`, borders allowed? */
const within = (g, d) => g.every((p) => p[0].every((x) => polySide(x, d[0]) >= 0) && !edges([p[0]]).some(([s, t]) => edges(d[0]).some(([u, v]) => crosses(s, t, u, v))));

function shape(key, feature, corners, ha) {
  const g = toInt(feature.geometry);
  for (const p of feature.geometry.type === 'Polygon' ? [feature.geometry.coordinates] : feature.geometry.coordinates) for (const r of p) {
    check(String(r[0]) === String(r.at(-1)), `${key}: ring not closed`);
    for (const v of r.flat()) check(Math.abs(v * 1e7 - Math.round(v * 1e7)) < 1e-4, `${key}: ${v} has more than 7 decimals`);
  }
  for (const p of g) {
    p.forEach((r, i) => { check(simple(r), `${key}: ring ${i} is not simple`); check(i === 0 ? area2(r) > 0 : area2(r) < 0, `${key}: ring ${i} is wound the wrong way`); });
    for (const hole of p.slice(1)) check(hole.every((x) => ringSide(x, p[0]) > 0), `${key}: hole outside its shell`);
    if (corners) check(p[0].length >= corners[0] && p[0].length <= corners[1], `${key}: ${p[0].length} corners`);
  }
  for (let i = 0; i < g.length; i++) for (let j = i + 1; j < g.length; j++) check(!overlap([g[i]], [g[j]]), `${key}: parts overlap`);
  if (ha) { const a = hectares(g); check(a >= ha[0] && a <= ha[1], `${key}: ${a.toFixed(2)} ha`); }
  return g;
}
/** Pairs of overlapping shapes between two lists, by a grid of boxes; within one list when `b` is left out. */
function overlaps(a, b) {
  const SIZE = 2e5, grid = new Map(), other = b ?? a, found = [];
  const cells = (bx) => { const out = []; for (let x = Math.floor(bx[0] / SIZE); x <= bx[2] / SIZE; x++) for (let y = Math.floor(bx[1] / SIZE); y <= bx[3] / SIZE; y++) out.push(`${x},${y}`); return out; };
  other.forEach((s, i) => { for (const c of cells(box(s.g))) grid.set(c, [...(grid.get(c) ?? []), i]); });
  a.forEach((s, i) => { const near = new Set(cells(box(s.g)).flatMap((c) => grid.get(c) ?? [])); for (const j of near) if ((b || j > i) && overlap(s.g, other[j].g)) found.push([s.key, other[j].key]); });
  return found;
}

// ---------------------------------------------------------------- divisions
const files = ['divisions.geojson', 'sites.json', 'control-list.json', 'control-zones.geojson', 'key-units.geojson', 'farmland.geojson', 'samples.geojson', 'coverage.geojson', 'supply-plan.geojson', 'parcels.geojson', 'siting-zones.geojson', 'facilities.geojson'];
const data = Object.fromEntries(files.map((f) => [f, read(f)]));
for (const f of files) check(data[f].invented === true && data[f].note_zh && data[f].note_en, `${f}: not flagged as invented`);
const D = new Map();
for (const f of data['divisions.geojson'].features) {
  const p = f.properties; check(/^\d{6}$/.test(p.code) && !D.has(p.code), `division ${p.code}: bad or double code`);
  check(p.name_zh && p.name_en, `division ${p.code}: name missing`);
  check(p.level === (p.code.endsWith('0000') ? 'province' : p.code.endsWith('00') ? 'prefecture' : 'county'), `division ${p.code}: level ${p.level}`);
  check(p.level === 'province' ? p.parent_code === null : p.parent_code === (p.level === 'county' ? `${p.code.slice(0, 4)}00` : `${p.code.slice(0, 2)}0000`), `division ${p.code}: parent ${p.parent_code}`);
  check((p.kind === 'development_zone') === /71$/.test(p.code), `division ${p.code}: kind ${p.kind}`);
  D.set(p.code, { ...p, key: p.code, g: f.geometry && shape(`division ${p.code}`, f) });
}
const current = [...D.values()].filter((d) => d.g);
for (const d of D.values()) if (d.parent_code) check(D.has(d.parent_code), `division ${d.code}: no parent ${d.parent_code}`);
for (const parent of current) {
  const kids = current.filter((d) => d.parent_code === parent.code);
  for (const k of kids) check(within(k.g, parent.g), `division ${k.code} leaves ${parent.code}`);
  for (let i = 0; i < kids.length; i++) for (let j = i + 1; j < kids.length; j++) check(!overlap(kids[i].g, kids[j].g), `divisions ${kids[i].code} and ${kids[j].code} overlap`);
  if (kids.length && (parent.level === 'prefecture' || parent.code === '150000')) {
    const sum = kids.reduce((s, k) => s + area2(k.g[0][0]), 0), whole = area2(parent.g[0][0]);
    check(Math.abs(sum / whole - 1) < 1e-12, `division ${parent.code}: its parts cover ${sum / whole} of it`);
  }
}
for (const code of ['152921', '152922', '152923', '152971', '150400', '140602', '140603', '140621', '140622', '140623', '140681', '140671', '441602', '441621', '441622', '441623', '441624', '441625']) check(D.get(code)?.g, `division ${code} is missing`);
check([...D.values()].filter((d) => d.parent_code === '150000').length === 12, 'Inner Mongolia has not its 12 leagues and cities');
const old = D.get('140624'); check(old && !old.g && old.valid_to && old.successor_code === '140681' && Date.parse(D.get('140681').valid_from) === Date.parse(old.valid_to) + 86400e3, '140624 does not end on the day before 140681 begins');
const inDivision = (key, code, g) => { const d = D.get(code); check(d?.g, `${key}: no division ${code}`); if (d?.g) check(within(g, d.g), `${key}: not within ${code}`); };

// ---------------------------------------------------------------- sites
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const validCredit = (c) => /^[0-9A-HJ-NPQRTUWXY]{18}$/.test(c) && [...c].reduce((s, ch, i) => s + ALPHABET.indexOf(ch) * (i < 17 ? 3 ** i % 31 : 1), 0) % 31 === 0;
const INDUSTRIES = ['0912', '1910', '2511', '2521', '2614', '2631', '2651', '2661', '2710', '3211', '3212', '3360', '3843', '7724'];
const NEXT = {
  null: { registered: (e) => e.stage }, candidate: { suspected_listed: () => 'suspected' }, suspected: { survey_notice_served: () => 'preliminary_survey' },
  preliminary_survey: { preliminary_report_submitted: () => 'preliminary_review' },
  preliminary_review: { preliminary_report_reviewed: (e) => (e.conclusion === 'returned' ? 'preliminary_survey' : e.conclusion) },
};
const S = new Map(), counts = {}, count = (k) => { counts[k] = (counts[k] ?? 0) + 1; };
let straddle = 0;
for (const s of data['sites.json'].sites) {
  const key = `site ${s.key}`; check(!S.has(s.key), `${key}: double key`); check(s.name.includes('示例') && s.land_user.name.includes('示例'), `${key}: name without 示例`);
  const g = shape(key, s, null, [0.5, 40]); S.set(s.key, { ...s, g }); inDivision(key, s.division_code, g);
  check(g.every((p) => p[0].length >= 5 && p[0].length <= 12), `${key}: corners`);
  check(validCredit(s.land_user.credit_code) && s.land_user.credit_code.slice(8, 12) === 'DEMX', `${key}: credit code ${s.land_user.credit_code}`);
  check(/^办公室 0{4}-0{7}$/.test(s.land_user.contact), `${key}: contact`); check(INDUSTRIES.includes(s.former_industry), `${key}: industry ${s.former_industry}`);
  check(s.land_use.system === 'GB/T 21010-2017' && /^\d{4}$/.test(s.land_use.code) && s.basis && s.address, `${key}: land use, basis or address`);
  let stage = null, day = Infinity, received = null, submitted = null, returned = false;
  for (const e of s.history) {
    const to = NEXT[stage]?.[e.type]?.(e); check(to, `${key}: ${e.type} in stage ${stage}`); stage = to ?? stage;
    check(Number.isInteger(e.days_ago) && e.days_ago >= 1 && e.days_ago <= day, `${key}: ${e.type} ${e.days_ago} days ago after ${day}`); day = e.days_ago;
    if (e.type === 'survey_notice_served') { check(e.received_days_ago >= 1 && e.received_days_ago <= e.days_ago && ['direct', 'mail', 'left'].includes(e.served_how), `${key}: service`); received = e.received_days_ago; day = received; }
    if (e.type === 'preliminary_report_submitted') submitted = submitted ?? e.days_ago;
    if (e.type === 'preliminary_report_reviewed') { check(['not_contaminated', 'contaminated', 'returned'].includes(e.conclusion), `${key}: conclusion`); check((e.conclusion === 'contaminated') === ['high', 'medium', 'low'].includes(e.risk_grade), `${key}: risk grade`); returned ||= e.conclusion === 'returned'; }
    if (e.type !== 'registered') check(e.document?.kind && e.document.title.includes('示例') && e.document.issued_days_ago >= e.days_ago, `${key}: document of ${e.type}`);
  }
  check(stage === s.expected_stage, `${key}: ends in ${stage}, says ${s.expected_stage}`);
  count(stage); if (returned) count('returned once');
  if (stage === 'preliminary_survey') { const c = returned ? null : received <= 165 ? 'open' : received <= 178 ? 'due_soon' : received >= 195 ? 'overdue' : 'unclear'; check(c === s.expected_clock, `${key}: clock ${c}, says ${s.expected_clock}`); count(`clock ${c}`); }
  else if (submitted !== null && !returned) { const c = received - submitted >= 195 ? 'met_late' : received - submitted <= 178 ? 'met' : 'unclear'; check(c === s.expected_clock, `${key}: clock ${c}, says ${s.expected_clock}`); count(`clock ${c}`); }
  if (s.history[0].days_ago > 98 && s.history.length > 2 && s.history.at(-1).days_ago < 98) straddle++;
  for (const n of s.negative_list ?? []) check(stage === 'contaminated' && /^\d{4}$/.test(n.use_code) && n.why, `${key}: negative list`);
}
const siteList = [...S.values()];
const within2 = (k, lo, hi) => check((counts[k] ?? 0) >= lo && (counts[k] ?? 0) <= hi, `${k}: ${counts[k] ?? 0}, wanted ${lo} to ${hi}`);
check(siteList.length >= 190 && siteList.length <= 215, `${siteList.length} sites`); check(straddle >= 5, `${straddle} histories across 98 days`);
within2('candidate', 15, 25); within2('suspected', 30, 45); within2('clock open', 40, 80); within2('clock due_soon', 8, 14); within2('clock overdue', 12, 20);
within2('preliminary_review', 15, 30); within2('returned once', 8, 30); within2('not_contaminated', 18, 28); within2('contaminated', 25, 33); within2('clock met_late', 4, 30);
const pairs = overlaps(siteList);
for (const [a, b] of pairs) check(S.get(a).overlaps === b && S.get(b).overlaps === a, `sites ${a} and ${b} overlap`);
check(pairs.length === 2, `${pairs.length} overlapping pairs of sites, wanted 2`);

// ---------------------------------------------------------------- control list, zones, key units
const graded = (k, what, days) => { const s = S.get(k); check(s?.expected_stage === 'contaminated', `${what}: ${k} is not contaminated`); check(s && days >= 1 && days <= s.history.at(-1).days_ago, `${what}: ${k} entered before its review`); };
for (const e of data['control-list.json'].entries) graded(e.site, 'control list', e.entered_days_ago);
check(data['control-list.json'].entries.length === 8, 'control list has not 8 entries');
const LATER = read('later.json'), ENDS = ['contaminated', 'detailed_survey', 'risk_assessment', 'risk_control', 'remediation', 'effect_evaluation', 'aftercare'];
check(LATER.invented === true && LATER.note_zh && LATER.note_en, 'later.json: not flagged as invented');
for (const l of LATER.sites) {
  const what = `later ${l.site}`, s = S.get(l.site);
  check(s?.expected_stage === 'contaminated' && !s.negative_list, `${what}: is not contaminated, or has a negative list, which only a site taken over brings`);
  check(ENDS.includes(l.ends_in), `${what}: ends in ${l.ends_in}`); count(`later ${l.ends_in}`);
  let day = s?.history.at(-1).days_ago ?? 0;
  for (const e of l.steps) {
    const name = e.type ?? e.notice; check(!!e.type !== !!e.notice, `${what}: a step is an event or a notice`);
    check(Number.isInteger(e.days_ago) && e.days_ago >= 1 && e.days_ago <= day, `${what}: ${name} ${e.days_ago} days ago after ${day}`); day = e.service?.days_ago ?? e.days_ago;
    if (e.document) check(e.document.title.includes('示例'), `${what}: document of ${name}`);
    if (e.zone) check(data['control-zones.geojson'].features.some(({ properties: z }) => z.key === e.zone && z.site === l.site && z.approved_days_ago === e.days_ago), `${what}: zone ${e.zone} is not this site's, or approved on another day`);
    for (const party of ['contractor', 'evaluator', 'party']) if (e.fields?.[party]) check(e.fields[party].name.includes('示例'), `${what}: ${party} without 示例`);
  }
  const listed = data['control-list.json'].entries.find((e) => e.site === l.site), entered = l.steps.find((e) => e.type === 'risk_assessment_reviewed' && e.fields.conclusion === 'action_required');
  check(listed?.entered_days_ago === entered?.days_ago, `${what}: on the control list since ${listed?.entered_days_ago} days, by its steps ${entered?.days_ago}`);
}
const zones = data['control-zones.geojson'].features.map((f) => { const p = f.properties, g = shape(`zone ${p.key}`, f); graded(p.site, 'control zone', p.approved_days_ago); inDivision(`zone ${p.key}`, p.division_code, g);
  check(within(S.get(p.site).g, g), `zone ${p.key} does not surround ${p.site}`); check(p.document_number.includes('示例') && p.approved_by.includes('示例'), `zone ${p.key}: number`); return { ...p, g }; });
check(zones.length === 3, 'not 3 control zones');
const keyUnits = data['key-units.geojson'].features.map((f) => { const p = f.properties, g = shape(`key unit ${p.key}`, f, [5, 12]); inDivision(`key unit ${p.key}`, p.division_code, g); check(validCredit(p.credit_code) && p.name.includes('示例') && INDUSTRIES.includes(p.industry), `key unit ${p.key}`); return { ...p, g }; });
check(keyUnits.length === 6, 'not 6 key units');
const sitingZones = data['siting-zones.geojson'].features.map(({ properties: p, geometry: g }) => {
  check(g.type === 'Polygon' && p.name.includes('示例') && D.has(p.division_code) && ['priority_farmland_concentration', 'permanent_basic_farmland_concentration'].includes(p.kind), `siting zone ${p.key}`);
  return p.key;
});
check(sitingZones.length === 4 && new Set(sitingZones).size === 4, 'not 4 siting zones');
for (const { properties: p, geometry: g } of data['facilities.geojson'].features) check(g.type === 'Point' && p.name.includes('示例') && ['homes', 'schools', 'hospitals', 'care_homes', 'kindergartens'].includes(p.kind), `facility ${p.key}`);

// ---------------------------------------------------------------- farmland
const farm = data['farmland.geojson'].features.map((f) => {
  const p = f.properties, key = p.code, g = shape(`farmland ${key}`, f, [4, 12], [0.2, 8]); inDivision(`farmland ${key}`, p.division_code, g);
  check(/^\d{6}NY\d{6}$/.test(key) && key.startsWith(p.division_code), `farmland ${key}: code`); check(['paddy', 'upland', 'irrigated', 'orchard', 'grassland', 'forest'].includes(p.land_type), `farmland ${key}: type`);
  check(['priority_protection', 'safe_use', 'strict_control', 'unclassified'].includes(p.class), `farmland ${key}: class`); check(typeof p.pbf === 'boolean' && p.crop && p.township.startsWith('示例') && p.village, `farmland ${key}: fields`);
  count(`farmland ${p.class}`); count(`farmland ${p.land_type}`); return { key, ...p, g };
});
check(new Set(farm.map((f) => f.key)).size === farm.length, 'double farmland codes'); check(farm.length >= 2700 && farm.length <= 3600, `${farm.length} farmland units`);
const share = (c, lo, hi) => { const v = (counts[`farmland ${c}`] ?? 0) / farm.length; check(v >= lo && v <= hi, `${c}: ${v}`); };
share('priority_protection', 0.75, 0.81); share('safe_use', 0.15, 0.19); share('strict_control', 0.02, 0.04); share('unclassified', 0.01, 0.03);
for (const [a, b] of overlaps(farm)) check(false, `farmland ${a} and ${b} overlap`);
// Every sample lies in a field of its division, says of what it is, and carries contents.
const fields = Map.groupBy ? Map.groupBy(data['farmland.geojson'].features, (f) => f.properties.division_code) : data['farmland.geojson'].features.reduce((m, f) => m.set(f.properties.division_code, [...(m.get(f.properties.division_code) ?? []), f]), new Map());
const holds = (ring, [x, y]) => ring.reduce((c, [xi, yi], i) => { const [xj, yj] = ring[(i || ring.length) - 1]; return yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi ? !c : c; }, false);
const sampled = data['samples.geojson'].features;
for (const { properties: p, geometry: g } of sampled) {
  check(g.type === 'Point' && (fields.get(p.division_code) ?? []).some((f) => holds(f.geometry.coordinates[0], g.coordinates)), `sample ${p.sample_code}: in no field`);
  check(['survey', 'routine_monitoring'].includes(p.program) && ['soil', 'crop'].includes(p.medium) && p.sampled_days_ago > 0, `sample ${p.sample_code}: fields`);
  check(p.unit === 'mg/kg' && p.Cd > 0 && (p.medium === 'crop') === (p.limit_value > 0) && (p.medium === 'soil') === (p.ph > 0), `sample ${p.sample_code}: contents`);
  count(`samples ${p.medium}`); count(`samples ${p.program}`);
}
check(new Set(sampled.map((f) => f.properties.sample_code)).size === sampled.length && sampled.length >= 1200, `${sampled.length} samples`);
const conflicts = overlaps(farm, siteList);
const stated = new Map(farm.filter((f) => f.deliberate_conflict_with).map((f) => [f.key, f.deliberate_conflict_with]));
for (const [f, s] of conflicts) check(stated.get(f) === s, `farmland ${f} overlaps site ${s}`);
check(conflicts.length === 3 && stated.size === 3, `${conflicts.length} conflicts of farmland and sites, wanted 3`);
for (const [a, b] of [...overlaps(keyUnits, siteList), ...overlaps(keyUnits, farm)]) check(false, `key unit ${a} overlaps ${b}`);
for (const [a, b] of overlaps(zones, siteList)) check(zones.find((z) => z.key === a).site === b, `zone ${a} overlaps site ${b}`);
for (const [a, b] of overlaps(zones, farm)) check(false, `zone ${a} overlaps farmland ${b}`);

// ---------------------------------------------------------------- coverage
const REGISTERS = ['suspected_sites', 'contaminated_sites', 'control_list', 'farmland', 'key_units'];
const coverage = data['coverage.geojson'].features.map((f) => { const p = f.properties, g = shape(`coverage ${p.key}`, f); inDivision(`coverage ${p.key}`, p.division_code, g);
  check(['kept', 'investigated_clean'].includes(p.status) && p.as_of_days_ago >= 0 && p.registers.length && p.registers.every((r) => REGISTERS.includes(r)), `coverage ${p.key}: fields`); return { ...p, g }; });
const cleanAreas = coverage.filter((c) => c.status === 'investigated_clean'); check(cleanAreas.length === 12, 'not 12 clean areas');
for (const [a, b] of [...overlaps(cleanAreas, siteList), ...overlaps(cleanAreas, zones), ...overlaps(cleanAreas, keyUnits), ...overlaps(cleanAreas, farm)]) check(false, `clean area ${a} overlaps ${b}`);
for (const s of siteList) check(coverage.some((c) => c.status === 'kept' && c.registers.includes('suspected_sites') && within(s.g, c.g)), `site ${s.key} lies outside coverage`);
for (const f of farm) check(coverage.some((c) => c.division_code === f.division_code && c.registers.includes('farmland')), `farmland ${f.key} lies outside coverage`);

// ---------------------------------------------------------------- parcels
const cadastre = data['parcels.geojson'].features.map((f) => { const p = f.properties, g = shape(`parcel ${p.code}`, f); inDivision(`parcel ${p.code}`, p.division_code, g);
  check(/^\d{12}[A-Z]{2}\d{5}$/.test(p.code) && p.code.startsWith(p.division_code) && p.began_days_ago > 0, `parcel ${p.code}: fields`); return { ...p, key: p.code, g }; });
check(cadastre.length === 21 && new Set(cadastre.map((p) => p.code)).size === 21, `${cadastre.length} parcels of the cadastre`);
const ended = new Set(cadastre.flatMap((p) => p.predecessors ?? [])), alive = cadastre.filter((p) => !ended.has(p.code));
check(ended.size === 1 && alive.length === 20 && [...ended].every((code) => cadastre.some((p) => p.code === code)), 'not one parcel split in two');
for (const [a, b] of overlaps(alive)) check(false, `parcels ${a} and ${b} overlap`);

// ---------------------------------------------------------------- supply plan
const plan = data['supply-plan.geojson'].features.map((f) => {
  const p = f.properties, key = p.reference, g = shape(`parcel ${key}`, f); inDivision(`parcel ${key}`, p.division_code, g);
  check(['planning_conditions', 'supply', 'transfer', 'acquire', 'reclaim', 'change_use'].includes(p.operation), `parcel ${key}: operation`); check(/^\d{4}$/.test(p.planned_use.code), `parcel ${key}: use`);
  check(p.facts.in_supply_plan === true, `parcel ${key}: not in the plan`); count(`verdict ${p.expected_verdict}`); return { ...p, key, g };
});
check(plan.length === 50, `${plan.length} parcels`);
for (const v of ['allow', 'allow_recorded', 'warn', 'hold', 'block']) check(counts[`verdict ${v}`] >= 4, `verdict ${v}: ${counts[`verdict ${v}`]}`);
for (const [a, b] of overlaps(plan)) check(false, `parcels ${a} and ${b} overlap`);
const hits = new Map(); for (const [p, s] of overlaps(plan, siteList)) hits.set(p, [...(hits.get(p) ?? []), s]);
for (const p of plan) check(String((hits.get(p.key) ?? []).sort()) === String([...(p.hits ?? [])].sort()), `parcel ${p.key}: hits ${hits.get(p.key) ?? 'none'}, says ${p.hits ?? 'none'}`);
for (const [a, b] of [...overlaps(plan, farm), ...overlaps(plan, keyUnits)]) check(S.has(hits.get(a)?.[0]) && stated.get(b) === hits.get(a)[0], `parcel ${a} overlaps ${b}`);
const onList = new Set(data['control-list.json'].entries.map((e) => e.site)), zoneHits = overlaps(plan, zones);
for (const p of plan) {
  const met = p.expected_sliver ? [] : p.hits ?? []; // Line contact warns and closes no gate.
  const stages = met.map((k) => S.get(k).expected_stage), suspected = stages.some((s) => ['suspected', 'preliminary_survey', 'preliminary_review'].includes(s)), bad = stages.includes('contaminated');
  const sensitive = /^0[78]/.test(p.planned_use.code), taking = ['acquire', 'reclaim'].includes(p.operation), listed = met.some((k) => onList.has(k)), reviewed = !['none', 'running', undefined].includes(p.facts.survey_state);
  const barred = met.some((k) => S.get(k).negative_list?.some((n) => n.use_code === p.planned_use.code)), zoned = zoneHits.some(([k]) => k === p.key);
  // The rules as rulebook section 5.2 words them, so that a wrong expectation shows.
  const rule = { G1: taking, G2: taking && (suspected || bad), G3: p.operation === 'reclaim' && suspected && !reviewed, G8: p.operation === 'change_use' && sensitive && !reviewed, G14: listed && sensitive,
    G17: p.operation === 'supply' && (((suspected || bad || INDUSTRIES.includes(p.facts.former_industry)) && !reviewed) || ['reviewed_above_screening', 'action_required', 'effect_not_met'].includes(p.facts.survey_state)),
    G20: barred, G21: zoned, G29: p.facts.former_industry === undefined, 'P-LINE': p.expected_sliver === true };
  const verdict = { G1: 1, G2: 3, G3: 4, G8: 4, G14: 4, G17: 4, G20: 4, G21: 4, G29: 2, 'P-LINE': 2 }, rank = ['allow', 'allow_recorded', 'warn', 'hold', 'block'];
  const fired = Object.keys(rule).filter((r) => rule[r]), worst = fired.length ? rank[Math.max(...fired.map((r) => verdict[r]))] : p.operation === 'planning_conditions' ? 'allow' : 'allow_recorded';
  check(worst === p.expected_verdict, `parcel ${p.key}: rules ${fired} give ${worst}, says ${p.expected_verdict}`);
  for (const r of p.expected_rules) check(r === 'G31' ? !fired.length : rule[r], `parcel ${p.key}: ${r} is expected but does not fire`);
  for (const r of fired) check(p.expected_rules.includes(r), `parcel ${p.key}: ${r} fires but is not named`);
  if (p.facts.survey_state && p.facts.survey_state !== 'reviewed_within_screening' && stages[0]) check((suspected && ['none', 'running'].includes(p.facts.survey_state)) || (bad && reviewed), `parcel ${p.key}: survey state against the register`);
}

// ---------------------------------------------------------------- folder
const size = readdirSync(HERE).reduce((s, f) => s + statSync(join(HERE, f)).size, 0); check(size < 3e6, `folder has ${size} bytes`);
// The generator draws contents by the printed values, which stand where they stand in the sources.
const root = mkdtempSync(join(tmpdir(), 'jingtu-sample-')), dir = join(root, 'sample-data'), tables = join('src', 'standards');
mkdirSync(dir); mkdirSync(join(root, tables), { recursive: true });
for (const f of ['generate.mjs', 'outlines.mjs']) copyFileSync(join(HERE, f), join(dir, f));
copyFileSync(join(HERE, '..', tables, 'gb15618.csv'), join(root, tables, 'gb15618.csv'));
execFileSync(process.execPath, [join(dir, 'generate.mjs')], { stdio: 'ignore' });
for (const f of files) check(readFileSync(join(dir, f)).equals(readFileSync(join(HERE, f))), `${f}: the generator writes something else`);
rmSync(root, { recursive: true });

console.log(Object.entries({ divisions: D.size, sites: siteList.length, 'farmland units': farm.length, 'histories across 98 days': straddle, 'folder bytes': size, ...counts }).map(([k, v]) => `${k}: ${v}`).join('\n'));
if (errors.length) { console.error(`\n${errors.length} errors\n${errors.slice(0, 40).join('\n')}`); process.exit(1); }
console.log('\nall checks passed');
