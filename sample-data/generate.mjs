// Writes the invented sample data of the demo. Run: node generate.mjs (Node 18 or newer, no packages).
// The same source always writes the same bytes: a fixed seed, an own generator, coordinates rounded.
// Offsets are days before the day on which the demo is loaded (`days_ago`), so that clocks are always
// running, due soon and overdue, whatever that day is.
import { readFileSync, writeFileSync } from 'node:fs';
import { DIVISIONS, outlines } from './outlines.mjs';

const HERE = new URL('.', import.meta.url);
const NOTE_ZH = '全部数据均为虚构的示例数据，不代表任何真实地块、单位、个人或边界。';
const NOTE_EN = 'All of this is invented sample data. It describes no real site, organisation, person or boundary.';

// ---------------------------------------------------------------- random numbers
let seed = 20160531;
/** Uniform number in [0, 1): mulberry32. */
function rnd() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const range = (a, b) => a + (b - a) * rnd();
const int = (a, b) => Math.floor(range(a, b + 1));
const pick = (list) => list[Math.floor(rnd() * list.length)];
function shuffle(list) {
  for (let i = list.length - 1; i > 0; i--) { const j = int(0, i); [list[i], list[j]] = [list[j], list[i]]; }
  return list;
}

// ---------------------------------------------------------------- geometry
const round = (v, d = 7) => Number(v.toFixed(d));
const M_LAT = 111000; // metres per degree of latitude, good enough to lay out invented shapes
const M_LON = (lat) => 111320 * Math.cos((lat * Math.PI) / 180);
/** Point at `dx`, `dy` metres from `[lon, lat]`, rounded to 1e-7 degrees. */
const at = ([lon, lat], dx, dy) => [round(lon + dx / M_LON(lat)), round(lat + dy / M_LAT)];
const close = (r) => [...r, r[0]];
const poly = (...rings) => ({ type: 'Polygon', coordinates: rings.map(close) });
function inside([x, y], ring) {
  let c = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i], [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) c = !c;
  }
  return c;
}
/** Star-shaped ring of `n` corners round the origin, counter-clockwise, radii from 0.68 r to r, in metres. */
function star(n, r) {
  const turn = rnd() * Math.PI * 2;
  return Array.from({ length: n }, (_, i) => {
    const a = turn + ((i + range(-0.28, 0.28)) / n) * Math.PI * 2, q = r * range(0.68, 1);
    return [q * Math.cos(a), q * Math.sin(a)];
  });
}
const scaled = (s, k) => s.map(([x, y]) => [x * k, y * k]);
const place = (c, s) => s.map(([x, y]) => at(c, x, y));

const OUT = outlines();
const CELL = 1000; // metres; every invented shape stays inside its own cell, so that nothing overlaps by chance
const cellsTaken = [];
/** `[x, y]` turned by the angle `a`. */
const turned = ([x, y], a) => [x * Math.cos(a) - y * Math.sin(a), x * Math.sin(a) + y * Math.cos(a)];
/** Free cells round an anchor that lie well inside the division, nearest first. */
function cellsRound(code, anchor, count) {
  const ring = OUT.get(code), found = [], angle = range(0.05, 1.5);
  for (let i = -14; i <= 14; i++) for (let j = -14; j <= 14; j++) {
    const c = at(anchor, ...turned([i * CELL, j * CELL], angle));
    const corners = [[-850, -850], [850, -850], [850, 850], [-850, 850], [0, 0]].map(([x, y]) => at(c, x, y));
    if (!corners.every((p) => inside(p, ring))) continue;
    if (cellsTaken.some((t) => Math.hypot((t[0] - c[0]) * M_LON(c[1]), (t[1] - c[1]) * M_LAT) < CELL * 1.5)) continue;
    found.push({ c, d: Math.hypot(i, j) + range(0, 2.2), code, angle });
  }
  found.sort((a, b) => a.d - b.d);
  if (found.length < count) throw new Error(`${code}: ${found.length} cells for ${count}`);
  const taken = found.slice(0, count);
  taken.forEach((t) => cellsTaken.push(t.c));
  return taken;
}

// ---------------------------------------------------------------- places
// Where invented things are put: division, anchor, number of sites, empty cells (supply plan, clean
// surveys, key units), farmland cells and how the farmland is cut.
const FARM = {
  dry: { n: [5, 7], mix: [['upland', 8, ['玉米', '谷子', '马铃薯', '燕麦']], ['irrigated', 2, ['玉米', '蔬菜']]] },
  plain: { n: [5, 7], mix: [['irrigated', 6, ['玉米', '小麦', '蔬菜']], ['upland', 4, ['玉米', '胡麻']]] },
  paddy: { n: [7, 9], mix: [['paddy', 8, ['水稻']], ['orchard', 2, ['柑橘', '荔枝', '龙眼']]] },
  hills: { n: [6, 8], mix: [['orchard', 6, ['茶叶', '柑橘']], ['forest', 4, ['杉木', '油茶']]] },
  oasis: { n: [4, 5], mix: [['irrigated', 7, ['玉米', '苜蓿', '葵花']], ['grassland', 3, ['天然牧草']]] },
  steppe: { n: [4, 5], mix: [['upland', 5, ['谷子', '荞麦']], ['irrigated', 2, ['玉米']], ['grassland', 3, ['天然牧草']]] },
};
const PLACES = [
  ['152921', [105.66, 38.84], 12, 3, 10, 'oasis'], ['152921', [105.7, 39.75], 8, 2, 4, 'oasis'], ['152921', [104.9, 37.9], 6, 1, 4, 'oasis'],
  ['152971', [106.6, 39.46], 22, 6, 0, 'oasis'], ['152922', [101.7, 39.25], 4, 1, 2, 'oasis'], ['152923', [101.05, 41.95], 4, 1, 2, 'oasis'],
  ['150402', [118.97, 42.2], 14, 4, 5, 'steppe'], ['150403', [119.2, 42.2], 12, 3, 6, 'steppe'], ['150404', [118.5, 42.35], 7, 2, 8, 'steppe'],
  ['150421', [120.1, 43.9], 2, 0, 1, 'steppe'], ['150426', [119.1, 42.9], 2, 1, 2, 'steppe'], ['150428', [118.7, 41.95], 2, 0, 1, 'steppe'],
  ['150429', [119.0, 41.6], 2, 0, 1, 'steppe'], ['150430', [119.9, 42.4], 2, 0, 1, 'steppe'],
  ['140602', [112.4, 39.3], 14, 5, 12, 'plain'], ['140602', [112.6, 39.25], 8, 2, 8, 'plain'], ['140603', [112.2, 39.6], 16, 4, 10, 'dry'],
  ['140681', [113.12, 39.82], 14, 3, 10, 'plain'], ['140621', [112.8, 39.5], 4, 1, 4, 'plain'], ['140622', [113.2, 39.55], 3, 0, 4, 'plain'],
  ['140623', [112.42, 39.98], 2, 0, 1, 'dry'], ['140671', [112.47, 39.395], 4, 1, 0, 'plain'],
  ['441602', [114.66, 23.75], 14, 4, 8, 'paddy'], ['441602', [114.61, 23.64], 8, 2, 5, 'paddy'],
  ['441625', [114.6, 23.95], 3, 1, 1, 'hills'], ['441621', [115.1, 23.6], 2, 0, 1, 'hills'], ['441622', [115.3, 24.2], 1, 0, 1, 'hills'],
  ['441623', [114.5, 24.35], 0, 2, 0, 'hills'],
  ['150100', [111.4, 40.8], 1, 1, 0, 'steppe'], ['150200', [110.1, 40.8], 2, 1, 0, 'steppe'], ['150300', [106.84, 39.6], 2, 1, 0, 'steppe'],
  ['150600', [109.6, 39.7], 1, 1, 0, 'steppe'], ['150800', [107.6, 41.2], 1, 0, 0, 'steppe'], ['150500', [122.2, 43.6], 1, 0, 0, 'steppe'],
];
const NAME = new Map(DIVISIONS.map((d) => [d[0], d]));

const siteCells = [], blankCells = [], farmCells = [];
for (const [code, anchor, sites, blanks, farms, farm] of PLACES) {
  const cells = cellsRound(code, anchor, sites + blanks + farms);
  const farmIdx = new Set();
  // Farmland lies round the sites, on the outer cells.
  for (let i = cells.length - 1; farmIdx.size < farms; i--) farmIdx.add(i);
  const rest = shuffle(cells.filter((_, i) => !farmIdx.has(i)));
  siteCells.push(...rest.slice(0, sites).map((c) => ({ ...c, farm })));
  blankCells.push(...rest.slice(sites));
  farmCells.push(...[...farmIdx].map((i) => ({ ...cells[i], farm })));
}

// ---------------------------------------------------------------- codes of organisations
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'; // GB 32100-2015: no I, O, S, V, Z
const W17 = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const W8 = [3, 7, 9, 10, 5, 8, 4, 2];
/** Unified social credit code with a valid check character; the organisation part `DEMX....` is made up. */
function creditCode(kind, division, n) {
  const org = `DEMX${String(n).padStart(4, '0')}`;
  const s8 = [...org].reduce((s, ch, i) => s + (/\d/.test(ch) ? Number(ch) : ch.charCodeAt(0) - 55) * W8[i], 0);
  const c9 = 11 - (s8 % 11);
  const body = kind + division + org + (c9 === 10 ? 'X' : c9 === 11 ? '0' : String(c9));
  const s17 = [...body].reduce((s, ch, i) => s + ALPHABET.indexOf(ch) * W17[i], 0);
  return body + ALPHABET[(31 - (s17 % 31)) % 31];
}

// ---------------------------------------------------------------- sites
const NUM = '零一二三四五六七八九';
function zhNumber(n) {
  const h = Math.floor(n / 100), t = Math.floor((n % 100) / 10), u = n % 10;
  let s = h ? `${NUM[h]}百` : '';
  if (t) s += (h || t > 1 ? NUM[t] : '') + '十'; else if (h && u) s += '零';
  return s + (u ? NUM[u] : '');
}
// GB/T 4754-2017 code, noun of the invented plant, plan wording of the industry
const INDUSTRY = {
  2614: ['有机化工厂', '化工'], 2651: ['聚氯乙烯厂', '化工（电石法聚氯乙烯）'], 2631: ['农药厂', '化工'], 2661: ['助剂厂', '化工'],
  2521: ['焦化厂', '焦化'], 2511: ['炼油厂', '石油加工'], 3211: ['铜冶炼厂', '有色金属冶炼'], 3212: ['铅锌冶炼厂', '有色金属冶炼'],
  '0912': ['铅锌矿选矿厂', '有色金属矿采选'], 3360: ['电镀厂', '电镀'], 1910: ['制革厂', '制革'], 7724: ['危险废物处置场', '危险废物处理处置'],
  3843: ['铅蓄电池厂', '铅酸蓄电池制造'], 2710: ['原料药厂', '医药制造'],
};
const BY_PLACE = {
  1529: ['2614', '2651', '2521', '2661', '7724', '2511', '3360'], 1504: ['3212', '3211', '0912', '2614', '2710', '3360', '2521'],
  1406: ['2521', '2614', '2661', '3360', '7724', '2511', '1910'], 4416: ['3360', '1910', '3843', '2631', '3211', '2710'],
};
// Stages in which the sites stand on the load day, and how many of each.
const PLAN = [
  ['candidate', 18], ['suspected', 34], ['running', 45], ['due_soon', 10], ['overdue', 15], ['review', 14], ['review_late', 4],
  ['resubmitted', 8], ['returned', 4], ['clean', 20], ['contaminated', 28],
];
const EXPECT = {
  candidate: ['candidate', 'none'], suspected: ['suspected', 'none'], running: ['preliminary_survey', 'open'],
  due_soon: ['preliminary_survey', 'due_soon'], overdue: ['preliminary_survey', 'overdue'], review: ['preliminary_review', 'met'],
  review_late: ['preliminary_review', 'met_late'], resubmitted: ['preliminary_review', null], returned: ['preliminary_survey', null],
  clean: ['not_contaminated', null], contaminated: ['contaminated', null],
};
const HOW = ['direct', 'direct', 'direct', 'mail', 'mail', 'left'];
const DAYS = { notice: [1, 20] };

const doc = (kind, title, days) => ({ kind, title, issued_days_ago: days });
/** Steps of one site, oldest first; every `days_ago` is at least that of the next step. */
function historyOf(kind, name, n) {
  const end = []; // built backwards from the last step
  const notice = (received) => {
    const served = received + (rnd() < 0.5 ? 0 : int(1, 5)), listed = served + int(...DAYS.notice);
    end.unshift({ type: 'survey_notice_served', days_ago: served, received_days_ago: received, served_how: pick(HOW),
      document: doc('survey_notice', `关于开展“${name}”土壤环境初步调查的通知（示例通字第${n}号）`, served) });
    start(listed);
  };
  const start = (listed) => {
    if (n % 3 === 0) {
      const known = listed + int(10, 90);
      end.unshift({ type: 'registered', stage: 'candidate', days_ago: known }, { type: 'suspected_listed', days_ago: listed,
        document: doc('listing_decision', `关于将“${name}”列入疑似污染地块名单的决定（示例列字第${n}号）`, listed) });
    } else end.unshift({ type: 'registered', stage: 'suspected', days_ago: listed });
  };
  const report = (days, again) => ({ type: 'preliminary_report_submitted', days_ago: days,
    document: doc('preliminary_report', `${name}土壤污染状况初步调查报告${again ? '（修改稿）' : ''}（示例）`, days) });
  const review = (days, conclusion, grade) => ({ type: 'preliminary_report_reviewed', days_ago: days, conclusion,
    ...(grade ? { risk_grade: grade } : {}), ...(conclusion === 'returned' ? { reason: '采样点位不足，请补充后重新提交（示例）' } : {}), document: doc('review_opinion', `${name}土壤污染状况初步调查报告评审意见（示例审字第${n}号）`, days) });
  switch (kind) {
    case 'candidate': end.push({ type: 'registered', stage: 'candidate', days_ago: int(1, 120) }); break;
    case 'suspected': start(int(1, 60)); break;
    case 'running': notice(int(1, 160)); break;
    case 'due_soon': notice(int(172, 178)); break;
    case 'overdue': notice(int(200, 400)); break;
    case 'review': { const d = int(1, 40); end.push(report(d)); notice(d + int(70, 165)); break; }
    case 'review_late': { const d = int(1, 25); end.push(report(d)); notice(d + int(205, 300)); break; }
    case 'resubmitted': { const d = int(1, 25), back = d + int(20, 45), first = back + int(8, 25);
      end.push(report(first), review(back, 'returned'), report(d, true)); notice(first + int(60, 150)); break; }
    case 'returned': { const back = int(2, 30), first = back + int(8, 25); end.push(report(first), review(back, 'returned')); notice(first + int(50, 90)); break; }
    case 'clean': case 'contaminated': {
      const done = int(3, 520), sub = done + int(8, 60);
      if (n % 7 === 3) { const back = sub + int(15, 40), first = back + int(8, 25); end.push(report(first), review(back, 'returned'), report(sub, true)); } else end.push(report(sub));
      end.push(kind === 'clean' ? review(done, 'not_contaminated') : review(done, 'contaminated', ['high', 'medium', 'medium', 'low'][n % 4]));
      notice(end[0].days_ago + (n % 4 === 1 ? int(205, 330) : int(60, 165))); break;
    }
  }
  return end;
}

// Each division gets a mixture: the stages are dealt out one by one over the cells in random order.
const deal = shuffle(PLAN.flatMap(([k, c]) => Array(c).fill(k)));
if (deal.length !== siteCells.length) throw new Error(`${deal.length} histories, ${siteCells.length} cells`);
const sites = siteCells.map((cell, i) => {
  const n = i + 1, key = `S${String(n).padStart(3, '0')}`, kind = deal[i], code = cell.code, div = NAME.get(code);
  const four = code.slice(0, 4), industry = pick(BY_PLACE[four] ?? ['2614', '2521', '3212']);
  const [noun, wording] = INDUSTRY[industry], name = `示例${zhNumber(n)}${noun}原址`;
  const corners = int(5, 12), r = Math.min(390, range(9, 24) ** 2 * 0.72), shape = star(corners, Math.max(75, r));
  const c = at(cell.c, range(-40, 40), range(-40, 40));
  const state = rnd() < 0.2; // land already in a government's land bank
  const registered = div[5] === 'zone' ? `${four}00` : code;
  const history = historyOf(kind, name, n);
  const [stage, known] = EXPECT[kind];
  // Where a report came back once, the clock's state depends on how returns are counted: left open (null).
  const step = (type) => history.find((e) => e.type === type);
  const finished = ['clean', 'contaminated'].includes(kind) && !history.some((e) => e.conclusion === 'returned');
  const taken = finished ? step('survey_notice_served').received_days_ago - step('preliminary_report_submitted').days_ago : 0;
  const clock = finished ? (taken > 195 ? 'met_late' : 'met') : known;
  return { key, cell, c, shape, kind, industry, wording, name, code, geometry: poly(place(c, shape)),
    out: { key, name, name_en: `Sample site ${n} (invented)`, division_code: code,
      address: `${div[1]}示例镇示例路${int(1, 99)}号`,
      land_user: state ? { name: `示例${zhNumber(n)}土地储备机构`, credit_code: creditCode('12', registered, n), contact: '办公室 0000-0000000' }
        : { name: `示例${zhNumber(n)}${noun}`, credit_code: creditCode('91', registered, n), contact: '办公室 0000-0000000' },
      former_industry: industry, land_use: { system: 'GB/T 21010-2017', code: ['0912'].includes(industry) ? '0602' : industry === '7724' ? '0809' : '0601' },
      basis: `曾从事${wording}生产经营活动，${pick(['拟收回土地使用权', '已关闭搬迁，拟收回土地使用权', '用途拟变更为居住用地', '用途拟变更为学校用地', '用途拟变更为商业用地'])}（示例）`,
      geometry: null, history, expected_stage: stage, expected_clock: clock } };
});
const siteByKind = (...kinds) => sites.filter((s) => kinds.includes(s.kind));
const used = new Set(), usedIn = new Map();
/** A site of the given kinds that nothing special has been done with yet, from the prefecture used least; `ok` narrows. */
function take(kinds, ok = () => true) {
  const times = (x) => (usedIn.get(x.code.slice(0, 4)) ?? 0) + (['1529', '1504', '1406', '4416'].some((p) => x.code.startsWith(p)) ? 0 : 99);
  const [s] = siteByKind(...kinds).filter((x) => !used.has(x.key) && ok(x)).sort((a, b) => times(a) - times(b));
  if (!s) throw new Error(`no site left of ${kinds}`);
  used.add(s.key); usedIn.set(s.code.slice(0, 4), (usedIn.get(s.code.slice(0, 4)) ?? 0) + 1); return s;
}

// Two deliberate pairs of overlapping sites: the partner is moved on top of the edge of the first.
const pairs = [];
for (const four of ['1529', '1406']) {
  const a = take(['running'], (s) => s.code.startsWith(four)), b = take(['suspected', 'running', 'overdue'], (s) => s.code === a.code && s !== a);
  a.shape = star(9, 240); a.geometry = poly(place(a.c, a.shape));
  b.c = at(a.c, 190, 60); b.shape = star(8, 170); b.geometry = poly(place(b.c, b.shape));
  a.out.overlaps = b.key; b.out.overlaps = a.key; pairs.push([a, b]);
}
// Two sites of two parts and one with a hole.
for (const four of ['1504', '4416']) {
  const s = take(['running', 'suspected'], (x) => x.code.startsWith(four));
  s.geometry = { type: 'MultiPolygon', coordinates: [poly(place(at(s.c, -190, 0), star(7, 150))).coordinates, poly(place(at(s.c, 190, 60), star(6, 140))).coordinates] };
}
const ringSite = take(['review', 'running'], (x) => x.code === '152921');
{ const s = ringSite; s.shape = star(10, 330); s.geometry = poly(place(s.c, s.shape), place(s.c, scaled(s.shape, 0.35)).reverse()); }

// ---------------------------------------------------------------- negative list, control list, control zones
const contaminated = siteByKind('contaminated');
const NEGATIVE = [['0701', '城镇住宅用地：污染物超过第一类用地筛选值'], ['0803', '教育用地：污染物超过第一类用地筛选值'], ['0805', '医疗卫生用地：污染物超过第一类用地筛选值'],
  ['0806', '社会福利用地：污染物超过第一类用地筛选值'], ['0501', '零售商业用地：开挖和人员聚集风险未经评估']];
contaminated.forEach((s, i) => { if (i % 2 === 0) s.out.negative_list = NEGATIVE.slice(0, i % 4 === 0 ? 5 : 3).map(([code, why]) => ({ use_system: 'GB/T 21010-2017', use_code: code, why: `${why}（示例）` })); });
/** Days since the last step of a site: whatever comes after the review lies later. */
const since = (s) => s.out.history.at(-1).days_ago;
const controlList = contaminated.filter((s, i) => i % 3 === 1 && since(s) > 60).slice(0, 8).map((s, i) => ({ site: s.key,
  entered_days_ago: Math.max(5, Math.floor(since(s) * 0.5)), number: `示例名录〔${String(i + 1).padStart(2, '0')}〕`, level: 'province' }));
const onList = new Set(controlList.map((e) => e.site));
const zones = contaminated.filter((s) => !onList.has(s.key) && since(s) > 30 && Math.max(...s.shape.map((p) => Math.hypot(...p))) < 330)
  .slice(0, 3).map((s, i) => { used.add(s.key); s.zone = scaled(s.shape, 1.3); return { site: s, feature: { type: 'Feature', properties: { key: `Z${i + 1}`, site: s.key, name: `${s.name}管控区域（示例）`,
    division_code: s.code, kind: 'temporarily_undeveloped', approved_by: `${NAME.get(s.code)[1]}人民政府（示例）`, approved_days_ago: Math.max(3, Math.floor(since(s) * 0.6)),
    document_number: `示例管控〔${String(i + 1).padStart(4, '0')}〕号`, invented: true }, geometry: poly(place(s.c, s.zone)) } }; });

// ---------------------------------------------------------------- empty ground: key units, clean surveys
shuffle(blankCells);
const blankIn = (ok) => { const i = blankCells.findIndex(ok); if (i < 0) throw new Error('no empty cell left'); return blankCells.splice(i, 1)[0]; };
const big = (p) => (c) => p.some((x) => c.code.startsWith(x));
const keyUnits = ['152971', '152971', '150403', '140603', '140602', '441602'].map((code, i) => {
  const cell = blankIn(big([code])), industry = pick(BY_PLACE[code.slice(0, 4)]), noun = INDUSTRY[industry][0].replace('原址', '');
  return { type: 'Feature', properties: { key: `K${i + 1}`, name: `示例在产${zhNumber(i + 1)}号${noun}`, division_code: code, industry, listed_days_ago: int(100, 900),
    credit_code: creditCode('91', NAME.get(code)[5] ? `${code.slice(0, 4)}00` : code, 9001 + i), invented: true }, geometry: poly(place(cell.c, star(int(6, 11), range(180, 380)))) };
});
const cleanCells = ['152921', '152921', '152971', '150402', '150402', '150404', '140602', '140602', '140603', '140681', '441602', '441602'].map((code) => blankIn(big([code])));
const cleanAreas = cleanCells.map((cell, i) => ({ type: 'Feature', properties: { key: `C-clean-${String(i + 1).padStart(2, '0')}`, name: `示例调查区${zhNumber(i + 1)}`,
  division_code: cell.code, registers: ['suspected_sites', 'contaminated_sites'], status: 'investigated_clean', as_of_days_ago: int(20, 600),
  report: `示例调查区${zhNumber(i + 1)}土壤污染状况调查报告（示例）`, invented: true }, geometry: poly(place(cell.c, star(int(6, 9), 470))) }));

// ---------------------------------------------------------------- farmland
const farmland = [], VILLAGES = ['一村', '二村', '三村', '四村', '五村', '六村'];
for (const [b, cell] of farmCells.entries()) {
  const f = FARM[cell.farm], [lo, hi] = f.n, nx = int(lo, hi), ny = int(lo, hi), S = 940, w = S / nx, h = S / ny;
  const grid = Array.from({ length: ny + 1 }, (_, j) => Array.from({ length: nx + 1 }, (_, i) => at(cell.c, ...turned([-S / 2 + i * w + range(-0.14, 0.14) * w, -S / 2 + j * h + range(-0.14, 0.14) * h], cell.angle))));
  const mids = new Map(); // a bend in the middle of some field borders, the same for both neighbours
  const bend = (p, q) => {
    const k = [p, q].map(String).sort().join('|');
    if (!mids.has(k)) mids.set(k, rnd() < 0.35 ? at([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2], range(-0.06, 0.06) * w, range(-0.06, 0.06) * h) : null);
    return mids.get(k) ? [p, mids.get(k)] : [p];
  };
  const total = f.mix.reduce((s, m) => s + m[1], 0), township = `示例${pick(['镇', '乡'])}${zhNumber(1 + (b % 9))}`;
  const village = VILLAGES[b % 6];
  for (let j = 0; j < ny; j++) {
    let t = rnd() * total; const kind = f.mix.find((m) => (t -= m[1]) < 0) ?? f.mix[0]; // one land type per row of fields
    for (let i = 0; i < nx; i++) {
      const q = [grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i]];
      const ring = q.flatMap((p, k) => bend(p, q[(k + 1) % 4]));
      if (rnd() < 0.1) continue; // houses and roads
      farmland.push({ cell, c: at(cell.c, ...turned([-S / 2 + (i + 0.5) * w, -S / 2 + (j + 0.5) * h], cell.angle)), geometry: poly(ring), code: cell.code, land_type: kind[0], crop: pick(kind[2]), township, village });
    }
  }
}
// Three deliberate conflicts: a field that reaches into a site.
const conflicts = ['140602', '441602', '150403'].map((code) => {
  const s = take(['suspected', 'running', 'overdue', 'review'], (x) => x.code === code && x.geometry.type === 'Polygon' && x.geometry.coordinates.length === 1 && Math.max(...x.shape.map((p) => Math.hypot(...p))) < 330);
  const [p, q] = s.shape, k = Math.min(1.45, 450 / Math.max(Math.hypot(...p), Math.hypot(...q)));
  const ring = [...scaled([q, p], 0.8), ...scaled([p, q], k)];
  const f = { cell: s.cell, c: s.c, geometry: poly(place(s.c, ring)), code, land_type: code === '441602' ? 'paddy' : 'irrigated', crop: code === '441602' ? '水稻' : '玉米', township: '示例镇一', village: '一村', conflict: s.key };
  farmland.push(f); return f;
});
// Classes: the fields nearest to contaminated and other troubled sites are the worst, with some noise.
const sources = sites.filter((s) => ['contaminated', 'overdue', 'resubmitted'].includes(s.kind));
for (const f of farmland) {
  const d = Math.min(...sources.map((s) => Math.hypot((s.c[0] - f.c[0]) * M_LON(f.c[1]), (s.c[1] - f.c[1]) * M_LAT)));
  f.score = d * range(0.75, 1.3);
}
{ const order = [...farmland].sort((a, b) => a.score - b.score), N = farmland.length;
  order.forEach((f, i) => { f.class = i < N * 0.03 ? 'strict_control' : i < N * 0.2 ? 'safe_use' : 'priority_protection'; });
  const far = order.slice(Math.ceil(N * 0.3)); // away from the sources: some not yet classified
  far.filter((_, i) => i % Math.round(far.length / (N * 0.02)) === 3).forEach((f) => { f.class = 'unclassified'; }); }
const serial = new Map();
const farmFeatures = [...farmland].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)).map((f) => {
  const n = (serial.get(f.code) ?? 0) + 1; serial.set(f.code, n);
  return { type: 'Feature', properties: { code: `${f.code}NY${String(n).padStart(6, '0')}`, division_code: f.code, land_type: f.land_type, crop: f.crop, township: f.township, village: f.village,
    pbf: ['paddy', 'upland', 'irrigated'].includes(f.land_type) && f.class === 'priority_protection' && rnd() < 0.85, class: f.class, ...(f.conflict ? { deliberate_conflict_with: f.conflict } : {}) }, geometry: f.geometry };
});

// ---------------------------------------------------------------- coverage
const asOf = 30;
const ALL = ['suspected_sites', 'contaminated_sites', 'control_list', 'farmland', 'key_units'], NO_FARM = ALL.filter((r) => r !== 'farmland');
const covered = DIVISIONS.filter(([c, , , l]) => (l === 'county' && !['441623', '441624'].includes(c)) || (l === 'prefecture' && c.startsWith('15') && !['150400', '152900'].includes(c)));
const coverage = [...covered.map(([code, zh, , level]) => ({ type: 'Feature', properties: { key: `C-${code}`, name: `${zh}（示例）`, division_code: code, registers: level === 'county' ? ALL : NO_FARM,
  status: 'kept', as_of_days_ago: asOf, invented: true }, geometry: { type: 'Polygon', coordinates: [OUT.get(code)] } })), ...cleanAreas];

// ---------------------------------------------------------------- supply plan
// Expected verdicts follow rulebook section 5 as it stands after 2026-08-15, on the load day.
const GB = 'GB/T 21010-2017', supply = [], HARMLESS = ['1311', '1713', '5212', '3031'];
function parcel(geometry, division, operation, use, facts, verdict, rules, scene, more = {}) {
  const n = supply.length + 1, barred = (more.hits ?? []).some((k) => sites.find((s) => s.key === k).out.negative_list?.some((u) => u.use_code === use));
  if (barred) rules = [...new Set([...rules, 'G20'])];
  supply.push({ type: 'Feature', properties: { reference: `GD-2026-${String(n).padStart(3, '0')}`, name: `示例供地${zhNumber(n)}`, division_code: division, operation,
    planned_use: { system: GB, code: use }, facts: { ...facts, in_supply_plan: true }, expected_verdict: verdict, expected_rules: rules, scene, ...more, invented: true }, geometry });
}
/** Plot of four to six corners that stays inside the cell. */
const plot = (cell, r = range(120, 320)) => poly(place(at(cell.c, range(-60, 60), range(-60, 60)), star(int(4, 6), r)));
const withinClean = (i) => poly(place(cleanCells[i].c, star(5, 180)));
/** Piece between `k1` and `k2` times the radius of a site, on the edge from corner `i`. */
const wedge = (s, k1, k2, i = 0) => { const p = s.shape[i], q = s.shape[(i + 1) % s.shape.length]; return poly(place(s.c, [...scaled([q, p], k1), ...scaled([p, q], k2)])); };
const reach = (s) => Math.max(...s.shape.map((p) => Math.hypot(...p)));
const plain = (s) => s.geometry.type === 'Polygon' && s.geometry.coordinates.length === 1 && !s.out.overlaps && !conflicts.some((f) => f.conflict === s.key);
const small = (s) => plain(s) && reach(s) < 330;
const clean = () => blankIn(big(['1529', '1504', '1406', '4416']) );
const h = () => ({ former_industry: pick(HARMLESS) });
const ok = () => ({ ...h(), survey_state: 'reviewed_within_screening' });

// allow: no register hit, history known, an operation that needs no query record
for (const use of ['0601', '0604', '0507', '0601']) { const c = clean(); parcel(plot(c), c.code, 'planning_conditions', use, ok(), 'allow', [], '净地，历史用途清楚；规划条件论证'); }
// allow_recorded
[3, 5, 6, 10].forEach((i, k) => parcel(withinClean(i), cleanCells[i].code, 'supply', ['0701', '0601', '0803', '0604'][k], ok(), 'allow_recorded', [], '在已调查且未见污染的区域内供地'));
for (const use of ['0601', '0701', '0805', '0604']) { const c = clean(); parcel(plot(c), c.code, 'supply', use, ok(), 'allow_recorded', [], '净地供地，调查报告已评审且未超过筛选值'); }
for (const use of ['0601', '0604', '0507']) { const c = clean(); parcel(plot(c), c.code, 'transfer', use, ok(), 'allow_recorded', ['G31'], '净地转让，无命中'); }
parcel(poly(place(ringSite.c, scaled(ringSite.shape, 0.28))), ringSite.code, 'acquire', '0601', ok(), 'allow_recorded', ['G1'], '地块位于疑似污染地块的孔洞之内，无重叠', { near_site: ringSite.key, expected_relation: 'none' });
for (const use of ['0601', '0604']) { const c = clean(); parcel(plot(c), c.code, 'reclaim', use, ok(), 'allow_recorded', ['G1'], '净地收回，须先查询'); }
{ const s = take(['suspected'], small); parcel(wedge(s, 1, 450 / reach(s)), s.code, 'acquire', '0601', ok(), 'allow_recorded', ['G1'], '与疑似污染地块共边，无重叠面积', { near_site: s.key, expected_relation: 'touches' }); }
{ const s = take(['running'], small); parcel(poly(place(s.c, scaled(s.shape, 450 / reach(s))), place(s.c, scaled(s.shape, 1.06)).reverse()), s.code, 'acquire', '0604', ok(), 'allow_recorded', ['G1'], '地块有孔洞，疑似污染地块恰在孔洞内', { near_site: s.key, expected_relation: 'none' }); }
// warn: the former use is not known
for (const [code, use, op] of [['441623', '0601', 'supply'], ['150100', '0604', 'supply'], ['150200', '0601', 'supply'], ['150300', '0601', 'supply'], ['150600', '0507', 'supply'], ['152', '0601', 'supply'], ['1406', '0604', 'supply'], ['1504', '0601', 'transfer'], ['4416', '0604', 'transfer']])
{ const c = blankIn(big([code])); parcel(plot(c), c.code, op, use, {}, 'warn', ['G29'], '历史用途不明，须人工核查'); }
// hold: taking land that is suspected or contaminated waits for the written reply
for (const kind of ['running', 'overdue', 'review', 'suspected']) { const s = take([kind], small);
  parcel(poly(place(at(s.c, 60, 40), star(5, 300))), s.code, 'acquire', '0601', { former_industry: s.industry, survey_state: kind === 'suspected' ? 'none' : 'running' }, 'hold', ['G1', 'G2'], '收购疑似污染地块，等待生态环境部门书面回复', { hits: [s.key] }); }
for (const [op, use] of [['acquire', '0601'], ['reclaim', '0604']]) { const s = take(['contaminated'], (x) => small(x) && !onList.has(x.key) && !x.zone);
  parcel(poly(place(s.c, scaled(s.shape, 1.15))), s.code, op, use, { former_industry: s.industry, survey_state: 'reviewed_above_screening' }, 'hold', ['G1', 'G2'], '收回或收购污染地块，等待生态环境部门书面回复', { hits: [s.key] }); }
{ // No sliver though thin: a strip of decimetres along the border, some square metres of several hectares.
  const s = take(['due_soon'], small); parcel(wedge(s, 0.9996, 450 / reach(s)), s.code, 'acquire', '0604', { former_industry: s.industry, survey_state: 'running' }, 'hold', ['G1', 'G2'], '狭条重叠：不足地块面积的千分之一，但超过1平方米，不算压线', { hits: [s.key], expected_sliver: false }); }
{ // A sliver by area: the parcel shares an edge with the site, but one extra corner reaches a centimetre into it.
  const s = take(['running'], small), n = s.shape.length, edge = (i) => [s.shape[i], s.shape[(i + 1) % n]];
  const length = ([u, v]) => Math.hypot(u[0] - v[0], u[1] - v[1]), shortest = s.shape.map((_, i) => edge(i)).sort((u, v) => length(u) - length(v))[0];
  const [p, q] = shortest, k = 450 / reach(s), [a, b, b2, a2] = place(s.c, [p, q, ...scaled([q, p], k)]);
  const mid = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], len = Math.hypot(mid[0] - s.c[0], mid[1] - s.c[1]);
  const m = [0, 1].map((d) => round(mid[d] + ((s.c[d] - mid[d]) / len) * 1.2e-7));
  parcel(poly([b, m, a, a2, b2]), s.code, 'acquire', '0601', { former_industry: s.industry, survey_state: 'running' }, 'warn', ['G1', 'P-LINE'], '压线：与疑似污染地块重叠不足1平方米', { hits: [s.key], expected_sliver: true }); }
// block
for (const kind of ['overdue', 'running']) { const s = take([kind], small);
  parcel(poly(place(s.c, scaled(s.shape, 1.1))), s.code, 'reclaim', '0701', { former_industry: s.industry, survey_state: 'running' }, 'block', ['G1', 'G2', 'G3'], '收回疑似污染地块，调查未评审', { hits: [s.key] }); }
{ const [a, b] = pairs[1]; parcel(poly(place(at(a.c, 90, 30), star(6, 380))), a.code, 'reclaim', '0601', { former_industry: a.industry, survey_state: 'running' }, 'block', ['G1', 'G2', 'G3'], '一宗地命中两个互相重叠的疑似污染地块', { hits: [a.key, b.key] }); }
for (const use of ['0701', '0803']) { const c = clean(); parcel(plot(c), c.code, 'change_use', use, { ...h(), survey_state: 'none' }, 'block', ['G8'], '变更为居住或公共管理与公共服务用地，未调查'); }
const listed = (f = small) => take(['contaminated'], (x) => onList.has(x.key) && f(x));
for (const use of ['0701', '0803']) { const s = listed(); parcel(poly(place(s.c, scaled(s.shape, 0.9))), s.code, 'supply', use, { former_industry: s.industry, survey_state: 'action_required' }, 'block', ['G14', 'G17'], '名录内地块供应为敏感用地', { hits: [s.key] }); }
for (let i = 0; i < 2; i++) { const s = take(['contaminated'], (x) => small(x) && !onList.has(x.key) && !x.zone); parcel(wedge(s, 0.4, 1.2), s.code, 'supply', '0601', { former_industry: s.industry, survey_state: 'reviewed_above_screening' }, 'block', ['G17'], '污染地块未治理修复，不得纳入用地程序', { hits: [s.key] }); }
{ const s = take(['contaminated'], (x) => small(x) && !onList.has(x.key) && !x.zone && x.out.negative_list?.some((u) => u.use_code === '0501'));
  parcel(poly(place(s.c, scaled(s.shape, 0.8))), s.code, 'supply', '0501', { former_industry: s.industry, survey_state: 'reviewed_above_screening' }, 'block', ['G17', 'G20'], '拟用途在开发利用负面清单内', { hits: [s.key] }); }
{ const z = zones[0].site; parcel(wedge(z, 1.1, 1.45), z.code, 'supply', '0601', ok(), 'block', ['G21'], '只压到管控区域，不压污染地块本身', { near_site: z.key, zone: 'Z1' }); }
{ const s = listed(), away = star(5, 55).map(([x, y]) => [x + 420, y]);
  parcel({ type: 'MultiPolygon', coordinates: [poly(place(s.c, scaled(s.shape, 0.6))).coordinates, poly(place(s.c, away)).coordinates] }, s.code, 'change_use', '0805', { former_industry: s.industry, survey_state: 'action_required' }, 'block', ['G14'], '两个部分，其中一部分压在名录内地块上', { hits: [s.key] }); }
{ const c = clean(); parcel(plot(c), c.code, 'supply', '0701', { former_industry: '2521', survey_state: 'none' }, 'block', ['G17'], '原为焦化厂用地，未依法调查即供地'); }

// ---------------------------------------------------------------- divisions
const divisions = DIVISIONS.map(([code, name_zh, name_en, level, parent_code, zone]) => ({ type: 'Feature', properties: { code, name_zh, name_en, level, parent_code,
  kind: zone ? 'development_zone' : 'gb2260', valid_from: code === '140681' ? '2018-02-22' : null, valid_to: null, outline: 'coarse sketch, not a boundary' }, geometry: { type: 'Polygon', coordinates: [OUT.get(code)] } }));
// The county that became a city. The year is certain (notice 民函〔2018〕46号); the day is recalled, not checked.
divisions.push({ type: 'Feature', properties: { code: '140624', name_zh: '怀仁县', name_en: 'Huairen County', level: 'county', parent_code: '140600', kind: 'gb2260', valid_from: null, valid_to: '2018-02-21', valid_to_certainty: 'year', successor_code: '140681' }, geometry: null });

// ---------------------------------------------------------------- samples
// Contents are drawn so that they lead to the unit's class by GB 15618, save in a few units that monitoring would move.
const ELEMENTS = [['Cd', 'cadmium'], ['Hg', 'mercury'], ['As', 'arsenic'], ['Pb', 'lead'], ['Cr', 'chromium'], ['Cu', 'copper'], ['Ni', 'nickel'], ['Zn', 'zinc']];
const gb15618 = readFileSync(new URL('../src/standards/gb15618.csv', HERE), 'utf8').trim().split('\n').slice(1).map((row) => row.split(','));
/** The printed value of a substance on land at a pH, mg/kg; undefined where none is printed. */
function printed(kind, substance, land, ph) {
  const rows = gb15618.filter((r) => r[2] === kind && r[4] === substance && (r[7] === '' || ph > Number(r[7])) && (r[8] === '' || ph <= Number(r[8])));
  const row = rows.find((r) => r[6] === land) ?? rows.find((r) => r[6] === 'other') ?? rows.find((r) => r[6] === 'any');
  return row && Number(row[9]);
}
const significant3 = (v) => Number(v.toPrecision(3));
const PH = { 15: [7.4, 8.5], 14: [7.1, 8.4], 44: [4.7, 6.4] };
const samples = [];
function pointIn(f) {
  const ring = f.geometry.coordinates[0], n = ring.length - 1;
  const mid = [0, 1].map((k) => ring.slice(0, n).reduce((t, p) => t + p[k], 0) / n);
  for (;;) { const corner = pick(ring), t = range(0.05, 0.6), p = [0, 1].map((k) => round(mid[k] + (corner[k] - mid[k]) * t)); if (inside(p, ring)) return p; }
}
const sampleSerial = new Map();
function sample(f, program, medium, where, properties) {
  const n = (sampleSerial.get(f.code) ?? 0) + 1; sampleSerial.set(f.code, n);
  const point = `${f.code}D${String(n).padStart(5, '0')}`;
  samples.push({ type: 'Feature', properties: { point_code: point, sample_code: `${point}-1`, division_code: f.code, program, medium, laboratory: '示例检测机构', ...properties }, geometry: { type: 'Point', coordinates: where } });
}
/** A soil sample of a class: its worst element is of the class, and the others are below screening. */
function soil(f, klass, program, days) {
  const [lo, hi] = PH[f.code.slice(0, 2)], ph = round(range(lo, hi), 2), land = { paddy: 'paddy', orchard: 'orchard' }[f.land_type] ?? 'other';
  const worst = klass === 1 ? null : pick(['Cd', 'Cd', 'Cd', 'Cd', 'As', 'Pb']), contents = {};
  for (const [symbol, substance] of ELEMENTS) {
    const low = printed('screening', substance, land, ph), high = printed('intervention', substance, land, ph);
    contents[symbol] = significant3(symbol !== worst ? low * range(0.15, 0.75) : klass === 2 ? low + (high - low) * range(0.08, 0.7) : high * range(1.08, 1.6));
  }
  if (klass === 1 && rnd() < 0.06) contents.Hg = `<${significant3(printed('screening', 'mercury', land, ph) * 0.02)}`;
  sample(f, program, 'soil', pointIn(f), { land_type: f.land_type, depth_from_m: 0, depth_to_m: 0.2, sampled_days_ago: days, ph, unit: 'mg/kg', ...contents });
}
const CLASS_NO = { priority_protection: 1, safe_use: 2, strict_control: 3 };
const surveyed = [...farmland].filter((f) => f.class !== 'priority_protection' || rnd() < 0.08);
const moved = new Set(shuffle(surveyed.filter((f) => f.class === 'priority_protection')).slice(0, 9)); // monitoring found more
for (const f of surveyed) {
  for (let k = pick([1, 1, 2]); k > 0; k--) soil(f, CLASS_NO[f.class] ?? pick([1, 1, 2]), 'survey', int(2300, 2900));
  if (moved.has(f)) soil(f, 2, 'routine_monitoring', int(20, 200));
}
// Products of polluted fields: most within the limit that the report states, some above it.
for (const f of farmland.filter((x) => ['safe_use', 'strict_control'].includes(x.class) && ['小麦', '玉米', '水稻'].includes(x.crop)).filter(() => rnd() < 0.35)) {
  const limit = f.crop === '水稻' ? 0.2 : 0.1;
  for (let k = int(1, 3); k > 0; k--) sample(f, 'survey', 'crop', pointIn(f), { product: f.crop, sampled_days_ago: int(2200, 2400), unit: 'mg/kg', Cd: significant3(limit * (rnd() < 0.85 ? range(0.1, 0.9) : range(1.1, 2.6))), limit_value: limit, limit_unit: 'mg/kg', limit_instrument: '示例：以检测报告所载限量为准' });
}
// Routine monitoring: a point in most counties with farmland, none in some.
for (const code of [...new Set(farmland.map((f) => f.code))].sort()) {
  if (rnd() < 0.2) continue;
  const fields = farmland.filter((f) => f.code === code);
  for (let k = int(1, 2); k > 0; k--) { const f = pick(fields); soil(f, CLASS_NO[f.class] ?? 1, 'routine_monitoring', int(60, 420)); }
}

// ---------------------------------------------------------------- parcels
// Eighteen parcels of the supply plan as the cadastre has them, and one that was split a year ago: its code still answers.
const parcels = [];
function cadastral(division, properties, geometry) {
  const code = `${division}001001GB${String(parcels.length + 1).padStart(5, '0')}`;
  parcels.push({ type: 'Feature', properties: { code, division_code: division, ...properties, invented: true }, geometry });
  return code;
}
const landUse = (use) => ({ land_use_system: GB, land_use_code: use });
for (const f of supply.slice(0, 18)) {
  cadastral(f.properties.division_code, { address: `示例街道示例路${parcels.length + 1}号`, land_user_name: `示例用地单位${zhNumber(parcels.length + 1)}`, ...landUse(f.properties.planned_use.code), began_days_ago: 1500 }, f.geometry);
}
{
  const f = supply[18], [lon, lat] = f.geometry.coordinates[0][0], strip = (from, to) => poly(place([lon, lat], [[from, 0], [to, 0], [to, 160], [from, 160]]));
  const of = { address: '示例街道示例路十九号', land_user_name: '示例用地单位十九', ...landUse('0601') };
  const parent = cadastral(f.properties.division_code, { ...of, began_days_ago: 2400 }, strip(0, 200));
  for (const [from, to] of [[0, 90], [90, 200]]) cadastral(f.properties.division_code, { ...of, began_days_ago: 365, predecessors: [parent] }, strip(from, to));
}
// ---------------------------------------------------------------- siting: published zones, and what lies around
// A box round the fields of an anchor, as a government might publish it; drawn from no measure of "concentrated".
const box = (points, m) => {
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]), mid = (Math.min(...ys) + Math.max(...ys)) / 2;
  const [w, e] = [at([Math.min(...xs), mid], -m, 0)[0], at([Math.max(...xs), mid], m, 0)[0]];
  const [s, n] = [at([w, Math.min(...ys)], 0, -m)[1], at([w, Math.max(...ys)], 0, m)[1]];
  return poly([[w, s], [e, s], [e, n], [w, n]]);
};
const corners = (f) => (f.geometry.type === 'Polygon' ? f.geometry.coordinates[0] : f.geometry.coordinates.flatMap((p) => p[0]));
const sitingZones = [];
for (const [code, anchor, by] of [['152921', [105.66, 38.84], '阿拉善左旗人民政府（示例）'], ['140602', [112.4, 39.3], '朔城区人民政府（示例）']]) {
  const near = farmFeatures.filter((f) => f.properties.division_code === code && f.properties.class === 'priority_protection'
    && Math.hypot((corners(f)[0][0] - anchor[0]) * M_LON(anchor[1]), (corners(f)[0][1] - anchor[1]) * M_LAT) < 6000);
  for (const [kind, tag, name, fields] of [
    ['priority_farmland_concentration', 'YX', '优先保护类耕地集中区域', near],
    ['permanent_basic_farmland_concentration', 'JB', '永久基本农田集中区域', near.filter((f) => f.properties.pbf === true)],
  ]) {
    if (!fields.length) continue;
    sitingZones.push({ type: 'Feature', properties: { key: `${code}-${tag}-1`, name: `示例${name}一`, kind, division_code: code, published_by: by, published_days_ago: 400, document_number: `示例公告〔2025〕${sitingZones.length + 1}号` }, geometry: box(fields.flatMap(corners), 20) });
  }
}
const FACILITY_NAMES = { homes: '居民点', schools: '学校', hospitals: '卫生院', care_homes: '养老院', kindergartens: '幼儿园' };
const facilities = Object.entries(FACILITY_NAMES).flatMap(([kind, name], i) => blankCells.filter((c) => c.code === '152921').map((c, k) => (
  { type: 'Feature', properties: { key: `${kind}-${k + 1}`, name: `示例${name}${k + 1}`, kind }, geometry: { type: 'Point', coordinates: at(c.c, 120 * i - 240, 90 * k - 200) } })));

// ---------------------------------------------------------------- files
const line = (o) => JSON.stringify(o);
function write(file, text) { writeFileSync(new URL(file, HERE), text); console.log(`${file}\t${Buffer.byteLength(text)} bytes`); }
const head = (name) => `"name":${line(name)},"invented":true,"note_zh":${line(NOTE_ZH)},"note_en":${line(NOTE_EN)}`;
const collection = (name, features) => `{"type":"FeatureCollection",${head(name)},"features":[\n${features.map(line).join(',\n')}\n]}\n`;
write('divisions.geojson', collection('divisions', divisions));
for (const s of sites) s.out.geometry = s.geometry;
write('sites.json', `{${head('sites')},"sites":[\n${sites.map((s) => line(s.out)).join(',\n')}\n]}\n`);
write('control-list.json', `{${head('control_list')},"entries":[\n${controlList.map(line).join(',\n')}\n]}\n`);
write('control-zones.geojson', collection('control_zones', zones.map((z) => z.feature)));
write('key-units.geojson', collection('key_units', keyUnits));
write('farmland.geojson', collection('farmland', farmFeatures));
write('coverage.geojson', collection('coverage', coverage));
write('samples.geojson', collection('samples', samples));
write('siting-zones.geojson', collection('siting_zones', sitingZones));
write('facilities.geojson', collection('facilities', facilities));
write('supply-plan.geojson', collection('supply_plan', supply));
write('parcels.geojson', collection('parcels', parcels));
