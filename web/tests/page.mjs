// Drives the real page in headless Chromium, as a clerk would. From the environment:
//   BASE_URL       where the server listens, e.g. http://127.0.0.1:8080/
//   JT_KEY         an API key of the role `planning`
//   JT_KEYS        keys by role, JSON: `prefecture_ecology`, `county_ecology` and `government` over the site's division take steps
//   JT_SITE        a contaminated site inside that key's division: {"id", "lon", "lat", "name"}
//   CHROMIUM       the browser (default /usr/bin/chromium)
//   JT_SCREENSHOT  where to leave a picture of the page with a verdict; others beside it, named after their step (optional)
// Prints TAP; leaves with 1 when anything failed, with 2 when it was called wrongly.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {chromium} from 'playwright-core';

const {BASE_URL, JT_KEY, JT_KEYS, JT_SITE, JT_SCREENSHOT, CHROMIUM = '/usr/bin/chromium'} = process.env;
if (!BASE_URL || !JT_KEY || !JT_KEYS || !JT_SITE) {
  console.error('BASE_URL, JT_KEY, JT_KEYS and JT_SITE must be set');
  process.exit(2);
}
const site = JSON.parse(JT_SITE);
const keys = JSON.parse(JT_KEYS);
const origin = new URL(BASE_URL).origin;
const WAIT = 30_000;

let number = 0;
let failed = 0;

/** Runs one step and prints its TAP line; a later step may rest on an earlier one, so the first failure ends the run. */
async function step(title, act) {
  number += 1;
  try {
    await act();
    console.log(`ok ${number} - ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${number} - ${title}`);
    for (const line of String(error?.stack ?? error).split('\n')) console.log(`  # ${line}`);
    throw error;
  }
}

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
  ],
});
const folder = await mkdtemp(path.join(tmpdir(), 'jingtu-page-'));
const context = await browser.newContext({viewport: {width: 1280, height: 800}, locale: 'zh-CN'});
context.setDefaultTimeout(WAIT);
const page = await context.newPage();

let refused = 0;
const elsewhere = [];
const complaints = [];
// Of the context, so that requests of the map's workers are seen as well.
context.on('request', (request) => {
  const url = new URL(request.url());
  if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin) elsewhere.push(request.url());
});
page.on('console', (message) => {
  // A refusal that a step asks for is told on the console too.
  if (refused && message.text().includes(`status of ${refused}`)) return;
  if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
});
page.on('pageerror', (error) => complaints.push(error.message));

const by = (id) => page.getByTestId(id);
const record = by('record');

/** Waits until the map has drawn everything it was asked for. */
const idle = () => page.evaluate(() => new Promise((resolve) => {
  const {map} = window.__jingtu;
  map.once('idle', resolve);
  map.triggerRepaint();
}));

/** Moves the map without animation and waits for it. */
async function jump(lon, lat, zoom) {
  await page.evaluate(([x, y, z]) => window.__jingtu.map.jumpTo({center: [x, y], zoom: z}), [lon, lat, zoom]);
  await idle();
}

/** Where a place is on the screen. */
async function onScreen(lon, lat) {
  const box = await by('map').boundingBox();
  const point = await page.evaluate(([x, y]) => {
    const {x: px, y: py} = window.__jingtu.map.project([x, y]);
    return [px, py];
  }, [lon, lat]);
  return [box.x + point[0], box.y + point[1]];
}

const rendered = (source) => page.evaluate((name) => {
  const {map} = window.__jingtu;
  const layers = map.getStyle().layers.filter((layer) => layer.source === name).map((layer) => layer.id);
  return layers.length ? map.queryRenderedFeatures({layers}).length : 0;
}, source);

/** Sends the form and gives the verdict word and the number of the check once its answer is shown. */
async function check() {
  const answered = page.waitForResponse((response) => response.request().method() === 'POST' && new URL(response.url()).pathname.endsWith('/v1/land-checks'));
  await by('check').click();
  const response = await answered;
  assert(response.status() === 201, `the check was answered ${response.status()}: ${await response.text()}`);
  await by('verdict').waitFor();
  return by('verdict').getAttribute('data-verdict');
}

try {
  await step('the page opens and the map is drawn', async () => {
    await page.goto(BASE_URL);
    await page.waitForFunction(() => window.__jingtu !== undefined);
    await page.evaluate(() => window.__jingtu.ready);
    assert((await rendered('divisions')) > 0, 'no division is drawn');
    assert(await page.locator('html').getAttribute('lang') === 'zh-CN', 'the page does not begin in Chinese');
  });

  await step('the public is told who it is, and sees a lock on what is closed to it', async () => {
    assert((await by('whoami').textContent()).includes('公众'), 'the public is not named');
    assert(await by('layer-contaminated-sites').isChecked(), 'contaminated sites are not shown to the public');
    assert(await by('layer-suspected-sites').isDisabled(), 'suspected sites are open to the public');
  });

  await step('with a key the caller is known and closed layers open', async () => {
    await by('key').fill(JT_KEY);
    await by('key').press('Enter');
    await page.waitForFunction(() => document.querySelector('[data-testid=layer-suspected-sites]')?.disabled === false);
    const who = await by('whoami').textContent();
    assert(!who.includes('公众') && who.trim() !== '', `the caller is shown as “${who}”`);
    const stored = await page.evaluate(() => [sessionStorage.getItem('jingtu.key'), JSON.stringify(localStorage)]);
    assert(stored[0] === JT_KEY && !stored[1].includes(JT_KEY), 'the key is not kept for this tab only');
  });

  await step('layers of the register are drawn around the site', async () => {
    await jump(site.lon, site.lat, 14);
    assert((await rendered('contaminated-sites')) > 0, 'no contaminated site is drawn');
    await jump(site.lon, site.lat, 8);
    assert((await rendered('divisions')) > 0, 'no division is drawn');
    const labels = await page.evaluate(() => window.__jingtu.map.querySourceFeatures('division-labels').map((one) => one.properties.label));
    assert(labels.some((label) => /\p{Script=Han}/u.test(label)), `divisions are not labelled in Chinese: ${labels}`);
  });

  await step('a layer can be switched off and on', async () => {
    await jump(site.lon, site.lat, 14);
    await by('layer-contaminated-sites').uncheck();
    await idle();
    assert((await rendered('contaminated-sites')) === 0, 'the layer is still drawn');
    await by('layer-contaminated-sites').check();
    await idle();
    assert((await rendered('contaminated-sites')) > 0, 'the layer did not come back');
  });

  await step('a click on the site shows its record', async () => {
    await jump(site.lon, site.lat, 16);
    await page.mouse.click(...(await onScreen(site.lon, site.lat)));
    // Where several records lie on top of each other the page asks which one.
    await Promise.race([by('record-name').waitFor(), by('chooser').waitFor()]);
    if (await by('chooser').isVisible()) await by('chooser').getByRole('button').filter({hasText: site.name}).first().click();
    await record.getByText(site.name, {exact: false}).first().waitFor();
    assert((await by('record-name').textContent()).includes(site.name), 'the record of another site is shown');
    await record.locator('dl.rows').first().waitFor();
    await record.getByRole('button', {name: '关闭'}).click();
    await record.waitFor({state: 'hidden'});
  });

  await step('a polygon is drawn over the site', async () => {
    await jump(site.lon, site.lat, 15);
    const [x, y] = await onScreen(site.lon, site.lat);
    await by('draw').click();
    for (const [dx, dy] of [[-140, -120], [140, -120], [140, 120]]) await page.mouse.click(x + dx, y + dy);
    // A fourth corner, undone again.
    await page.mouse.click(x, y + 200);
    await page.keyboard.press('Backspace');
    await page.mouse.dblclick(x - 140, y + 120);
    const said = await by('parcel').textContent();
    assert(/4 个顶点/.test(said), `the page says “${said}”`);
    await idle();
    assert((await rendered('draw')) > 0, 'the parcel is not drawn');
  });

  await step('a corner can be dragged', async () => {
    const before = await by('parcel').textContent();
    const [x, y] = await onScreen(site.lon, site.lat);
    await page.mouse.move(x + 140, y + 120);
    await page.mouse.down();
    await page.mouse.move(x + 165, y + 140, {steps: 4});
    await page.mouse.up();
    await page.waitForFunction((text) => document.querySelector('[data-testid=parcel]').textContent !== text, before);
  });

  for (const operation of ['transfer', 'reclaim']) {
    await step(`the check for ${operation} gives a verdict with its article`, async () => {
      await by('operation').selectOption(operation);
      const verdict = await check();
      assert(['warn', 'hold', 'block'].includes(verdict), `the verdict over a contaminated site is “${verdict}”`);
      assert((await by('rules').getByTestId('citations').locator('li').count()) > 0, 'no article is cited');
      assert((await by('hits').getByRole('button').count()) > 0, 'no record is named as hit');
      assert(/\d/.test(await by('parcel-area').textContent()), 'the area of the parcel is missing');
    });
  }

  await step('the answer can be downloaded as JSON', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), by('json').click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const reply = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    assert(reply.id && reply.verdict, 'the file is not the answer of the check');
  });

  await step('the certificate can be downloaded as PDF', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), by('certificate').click()]);
    assert(/^CX-\d{6}-\d{4}-\d+\.pdf$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert(Buffer.concat(chunks).subarray(0, 5).toString() === '%PDF-', 'the file is no PDF');
  });

  await step('the address of a QR code opens the verification, which says what is proved and what is not', async () => {
    // The answer is laid down here: this step is about what the page makes of it.
    let sent = null;
    await page.route('**/v1/verify', async (route) => {
      sent = {type: route.request().headers()['content-type'], body: route.request().postData()};
      await route.fulfill({json: {
        valid: false,
        findings: [
          {what: 'signature', ok: true, text_zh: '签名有效', text_en: 'the signature is valid'},
          {what: 'body', ok: false, text_zh: '内容已改动', text_en: 'the body was altered'},
        ],
        log: {index: 41, included: true, checkpoint: 'soil.example/log\n42\n'},
        standing: {status: 'valid', since: '2026-11-22T00:00:00Z', because: []},
      }});
    });
    await page.evaluate((digest) => {
      location.hash = `#/verify?number=CX-152921-2026-000017&sha256=${digest}`;
    }, 'ab'.repeat(32));
    await by('verify-verdict').waitFor();
    assert(sent.body === JSON.stringify({number: 'CX-152921-2026-000017', payload_sha256: 'ab'.repeat(32)}), `sent was ${sent.body}`);
    assert(await by('verify-verdict').getAttribute('data-valid') === 'false', 'what was altered is shown as verified');
    const said = await by('verify-result').textContent();
    assert(said.includes('签名有效') && said.includes('内容已改动') && said.includes('41'), `the page says “${said}”`);
    const file = path.join(folder, 'reply.json');
    await writeFile(file, '{ "number": "CX-1" }');
    await by('verify-file').setInputFiles(file);
    await by('verify-verdict').getByText('reply.json').waitFor();
    assert(sent.body === '{ "number": "CX-1" }' && sent.type === 'application/json', `the file went as ${sent.type}: ${sent.body}`);
    await writeFile(file, 'PK\u0003\u0004');
    await by('verify-file').setInputFiles(file);
    await by('verify-result').getByText('既不是 JSON 也不是 PDF').waitFor();
    if (JT_SCREENSHOT) await page.screenshot({path: JT_SCREENSHOT.replace(/(\.\w+)?$/, '-verify$1')});
    await by('verify-close').click();
    await by('verify').waitFor({state: 'hidden'});
    await by('map').waitFor();
    await page.unroute('**/v1/verify');
  });

  if (JT_SCREENSHOT) await step('a picture is taken', () => page.screenshot({path: JT_SCREENSHOT}));

  await step('the hit leads to its record', async () => {
    await by('hits').getByRole('button').filter({has: page.getByText(site.name, {exact: true})}).first().click();
    await by('record-name').waitFor();
    await by('record').getByRole('button', {name: '关闭'}).click();
  });

  const half = 0.002;
  const square = (x, y) => ({type: 'Polygon', coordinates: [[[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half], [x - half, y - half]]]});

  await step('a GeoJSON file with several parcels offers a choice, and the chosen one is checked', async () => {
    const file = path.join(folder, 'parcels.geojson');
    await writeFile(file, JSON.stringify({type: 'FeatureCollection', features: [
      {type: 'Feature', properties: {name: '甲地块'}, geometry: square(site.lon + 0.02, site.lat)},
      {type: 'Feature', properties: {name: '乙地块'}, geometry: square(site.lon, site.lat)},
    ]}));
    await by('file').setInputFiles(file);
    await by('parcel-list').selectOption({label: '乙地块'});
    assert((await by('parcel').textContent()).includes('乙地块'), 'the chosen parcel is not named');
    const verdict = await check();
    assert(['warn', 'hold', 'block'].includes(verdict), `the verdict over a contaminated site is “${verdict}”`);
  });

  await step('a file in projected coordinates is refused with the reason', async () => {
    const file = path.join(folder, 'projected.geojson');
    await writeFile(file, JSON.stringify({type: 'Polygon', coordinates: [[[37612345, 4356789], [37612445, 4356789], [37612445, 4356889], [37612345, 4356789]]]}));
    await by('file').setInputFiles(file);
    await by('file-problem').waitFor();
    assert((await by('file-problem').textContent()).includes('投影'), 'the reason is not told');
  });

  await step('the overdue list answers', async () => {
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('/v1/deadlines'));
    await by('overdue').click();
    const response = await answered;
    assert(new URL(response.url()).searchParams.get('status') === 'overdue', 'not the overdue ones were asked for');
    assert(response.status() === 200, `the list was answered ${response.status()}`);
    await by('overdue-list').locator('p').first().waitFor();
    assert((await by('overdue-list').locator('.problem').count()) === 0, 'the list shows a problem');
  });

  await step('the language is switched and remembered', async () => {
    await by('lang').click();
    assert(await page.locator('html').getAttribute('lang') === 'en', 'the document is not marked as English');
    await by('tab-check').click();
    const text = (await by('check').textContent()).trim();
    assert(text === 'Check', `the button says “${text}”`);
    await page.reload();
    await page.evaluate(() => window.__jingtu.ready);
    assert((await by('tab-layers').textContent()) === 'Layers', 'the language was forgotten');
    await by('lang').click();
    assert((await by('tab-layers').textContent()) === '图层', 'the page does not go back to Chinese');
  });

  // The officer

  const picture = async (name) => {
    if (JT_SCREENSHOT) await page.screenshot({path: JT_SCREENSHOT.replace(/(\.png)?$/, `-${name}.png`)});
  };
  const ask = async (role, where) => {
    const response = await fetch(new URL(where, BASE_URL), {headers: {Authorization: `Bearer ${keys[role]}`}});
    assert(response.ok, `${where} was answered ${response.status}`);
    return response.json();
  };
  const {today} = await (await fetch(new URL('readyz', BASE_URL))).json();
  const later = (days) => new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
  const become = async (role) => {
    // What lies outside the next one's division would be refused to it, and the browser would tell.
    if (await record.isVisible()) await record.getByRole('button', {name: '关闭'}).click();
    await by('key').fill(keys[role]);
    const {role_zh} = await ask(role, 'v1/me');
    await by('key-apply').click();
    // What the caller before was shown is asked for anew at the same moment.
    await by('whoami').filter({hasText: role_zh}).waitFor();
  };
  const contaminated = (await ask('prefecture_ecology', 'v1/sites?stage=contaminated&limit=100')).features.filter(({id}) => id !== site.id);
  const surveyed = contaminated.find(({properties}) => properties.division_code !== '152921');
  const contained = contaminated.find(({properties}) => properties.division_code === '152921');
  assert(surveyed && contained, 'the demo has too few contaminated sites');
  const paper = path.join(folder, '送达回证.txt');
  await writeFile(paper, '送达回证（示例）\n');
  const stage = () => record.locator('.badge').textContent();
  const unfold = async (name) => {
    const fold = by(name);
    if ((await fold.getAttribute('open')) === null) await fold.locator('summary').first().click();
    return fold;
  };
  /** Sends the form of a step and waits until the record says that it was recorded. */
  const recordStep = async (type) => {
    await by(`form-${type}`).locator('button[type=submit]').click();
    await by(`form-${type}`).waitFor({state: 'detached'});
    await by('said').filter({hasText: '已登记'}).waitFor();
  };
  const openFromList = async (list, name) => {
    await by('overdue').click();
    // Reading the panel anew for another caller may close a list that was opened meanwhile.
    const row = by('listings').getByRole('button', {name, exact: true});
    for (let tries = 0; tries < 6 && !(await row.isVisible()); tries += 1) {
      await by(`list-${list}`).click();
      await row.waitFor({timeout: 4000}).catch(() => {});
    }
    await row.click();
    await by('record-name').filter({hasText: name}).waitFor();
    await by('events').waitFor();
  };

  await step('an officer sees statutory clocks by where they stand, internal ones apart, and who owes publicity', async () => {
    await become('prefecture_ecology');
    await by('overdue').click();
    await by('due-law').waitFor();
    const {counts} = await ask('prefecture_ecology', 'v1/deadlines?internal=false&limit=1');
    for (const status of ['overdue', 'due_soon', 'open']) {
      assert((await by(`due-${status}`).textContent()).trim().endsWith(String(counts[status])), `${status} is not ${counts[status]}`);
    }
    assert((await by('due-internal').locator('summary').textContent()).includes('内部时限'), 'internal ones are not named as such');
    assert((await by('due-law').getByText('及时').count()) === 0, 'a service level stands among the law’s clocks');
    const {bureaus} = await ask('prefecture_ecology', 'v1/publicity/unmet');
    assert(bureaus.length > 0 && (await by('unmet').locator('tbody tr').count()) === bureaus.length, 'unmet publicity is not listed by bureau');
    await by('due-open').click();
    await by('due-open').and(page.locator('[aria-pressed=true]')).waitFor();
    await by('due-law').locator('.card').first().waitFor();
    await picture('overview');
  });

  await step('a list as of a day is taken away as a table with Chinese headings, the calendar as a file', async () => {
    const take = async (id) => {
      const [download] = await Promise.all([page.waitForEvent('download'), by(id).click()]);
      const chunks = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    const csv = (await take('list-contaminated_directory-csv')).toString('utf8');
    assert(/名称/.test(csv.split('\n')[0]) && csv.includes(surveyed.properties.name), `the table begins “${csv.slice(0, 60)}”`);
    assert((await take('list-contaminated_directory-xlsx')).subarray(0, 2).toString() === 'PK', 'the spreadsheet is none');
    assert((await take('ics')).toString('utf8').startsWith('BEGIN:VCALENDAR'), 'the calendar is none');
  });

  await step('a notice is made, with its text and the day it sets', async () => {
    await openFromList('contaminated_directory', surveyed.properties.name);
    assert((await stage()).includes('C5'), `the stage is “${await stage()}”`);
    await unfold('fold-notice-new');
    await by('notice-kind').selectOption('detailed_survey');
    // What is needed is asked for before anything is sent.
    await by('notice-form').locator('button[type=submit]').click();
    await by('notice-form').getByText('请填写').waitFor();
    await by('notice-form-due_on').fill(later(200));
    await by('notice-form').locator('button[type=submit]').click();
    await by('said').filter({hasText: '已生成通知书'}).waitFor();
    const text = await by('notice').locator('pre').textContent();
    assert(text.includes('详细调查') && text.includes(surveyed.properties.name), 'the text of the notice is not shown');
    await by('notice').scrollIntoViewIfNeeded();
    await picture('notice');
  });

  await step('its service is recorded and starts the clock', async () => {
    const {notices} = await ask('prefecture_ecology', `v1/notices?site=${surveyed.id}`);
    const form = `serve-${notices[0].id}`;
    await unfold(`fold-${form}`);
    await by(`${form}-served_how`).fill('直接送达');
    await by(`${form}-received_on`).fill(today);
    await by(`${form}-document_id`).setInputFiles(paper);
    await by(form).locator('button[type=submit]').click();
    await by('said').filter({hasText: '已签收'}).waitFor();
    assert((await stage()).includes('C6'), `the stage is “${await stage()}”`);
    await by('clocks-law').getByText(later(200), {exact: true}).waitFor();
    await by('clocks-law').getByText('计算过程').first().click();
    await by('clocks').scrollIntoViewIfNeeded();
    await picture('clock');
  });

  await step('a control plan that leaves out a medium is refused at the field, with the article', async () => {
    await become('county_ecology');
    await openFromList('contaminated_directory', contained.properties.name);
    await unfold('step-control_plan_filed');
    const form = by('form-control_plan_filed');
    const field = (name) => by(`form-control_plan_filed-${name}`);
    await field('plan_year').fill(today.slice(0, 4));
    await field('media-soil').check();
    await field('report_every_months').fill('6');
    await field('document_id').setInputFiles(paper);
    refused = 422;
    await form.locator('button[type=submit]').click();
    await form.locator('[data-field=media] .fault').filter({hasText: '地下水'}).waitFor();
    assert((await form.locator('.problem').getByTestId('citations').locator('li').count()) > 0, 'no article is cited');
    await form.locator('[data-field=media]').scrollIntoViewIfNeeded();
    await picture('refused');
    for (const medium of ['surface_water', 'groundwater', 'air']) await field(`media-${medium}`).check();
    await recordStep('control_plan_filed');
    refused = 0;
    assert((await stage()).includes('C10a'), `the stage is “${await stage()}”`);
    assert((await by('clocks').locator('.deadline').count()) > 1, 'the plan’s clocks are not shown');
    await picture('contained');
  });

  await step('the government draws the control zone on the map', async () => {
    await become('government');
    await openFromList('contaminated_directory', contained.properties.name);
    await unfold('step-control_zone_approved');
    const {geometry} = await ask('government', `v1/sites/${contained.id}`);
    const points = geometry.type === 'Polygon' ? geometry.coordinates[0] : geometry.coordinates[0][0];
    const middle = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
    // Left of the record, which covers a third of the map.
    await jump(middle[0] + 0.0107, middle[1], 14);
    const [x, y] = await onScreen(...middle);
    await by('form-control_zone_approved-geometry-draw').click();
    for (const [dx, dy] of [[-60, -60], [60, -60], [60, 60]]) await page.mouse.click(x + dx, y + dy);
    await page.mouse.dblclick(x - 60, y + 60);
    await by('form-control_zone_approved-geometry-said').filter({hasText: '已有范围'}).waitFor();
    await by('form-control_zone_approved-approved_by').fill('阿拉善左旗人民政府（示例）');
    await by('form-control_zone_approved-document_id').setInputFiles(paper);
    await picture('zone');
    await recordStep('control_zone_approved');
  });

  await step('what has to be public is disclosed and then on display', async () => {
    await become('county_ecology');
    await openFromList('contaminated_directory', contained.properties.name);
    const owed = by('publicity').locator('li').filter({hasText: '管控区域'}).first();
    await owed.getByText('未公开').waitFor();
    await unfold('step-disclosed');
    await by('form-disclosed-channel').fill('公告栏');
    await by('form-disclosed-from').fill(today);
    await by('form-disclosed-subject').selectOption('control_zone');
    await recordStep('disclosed');
    await by('publicity').locator('li').filter({hasText: '管控区域'}).filter({hasText: '公开中'}).first().waitFor();
  });

  await step('what was entered in error is struck through and stays', async () => {
    await unfold('steps-aside');
    await unfold('step-entered_in_error');
    await by('form-entered_in_error-reason').fill('误录（示例）');
    await recordStep('entered_in_error');
    await by('events').locator('li.voided s').filter({hasText: '信息公开'}).waitFor();
    await by('events').scrollIntoViewIfNeeded();
    await picture('voided');
  });

  await step('a form is worked with the keyboard, in English as well, and keeps what was typed', async () => {
    await unfold('step-disclosed');
    await by('form-disclosed-channel').fill('政府门户网站');
    await by('lang').click();
    await by('record').getByRole('heading', {name: 'Next steps'}).waitFor();
    await by('form-disclosed-channel').waitFor();
    assert((await by('form-disclosed-channel').inputValue()) === '政府门户网站', 'what was typed is lost');
    await by('step-disclosed').locator('summary').first().focus();
    await page.keyboard.press('Enter');
    await by('form-disclosed-channel').waitFor({state: 'hidden'});
    for (const label of await by('steps').locator('summary').allTextContents()) assert(!/^\s*[a-z_]+\s*$/.test(label), `“${label}” is no name`);
    await picture('english');
    await by('lang').click();
  });

  await step('no request left the server', () => assert(elsewhere.length === 0, elsewhere.join('\n')));
  await step('the browser had nothing to complain of', () => assert(complaints.length === 0, complaints.join('\n')));
} catch {
  // Told already, by the step that failed.
  if (JT_SCREENSHOT) await page.screenshot({path: JT_SCREENSHOT}).catch((error) => console.log(`# no picture: ${error.message}`));
  for (const one of complaints) console.log(`# the browser said: ${one}`);
} finally {
  await browser.close();
  await rm(folder, {recursive: true, force: true});
}
console.log(`1..${number}`);
process.exit(failed ? 1 : 0);
