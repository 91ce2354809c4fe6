// Draws the served style of every collection in headless Chromium, in the map of the page. From the environment:
//   BASE_URL       where the server listens, e.g. http://127.0.0.1:8080/
//   JT_KEY         an API key that may see every collection
//   CHROMIUM       the browser (default /usr/bin/chromium)
//   JT_SCREENSHOTS a folder for a picture of each (optional)
// Prints TAP; leaves with 1 when anything failed, with 2 when it was called wrongly.
import path from 'node:path';
import {chromium} from 'playwright-core';

const {BASE_URL, JT_KEY, JT_SCREENSHOTS, CHROMIUM = '/usr/bin/chromium'} = process.env;
if (!BASE_URL || !JT_KEY) {
  console.error('BASE_URL and JT_KEY must be set');
  process.exit(2);
}
const headers = {Authorization: `Bearer ${JT_KEY}`};
const ask = async (where) => {
  const response = await fetch(new URL(where, BASE_URL), {headers});
  if (!response.ok) throw new Error(`${where} was answered ${response.status}`);
  return response.json();
};

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
let number = 0;
let failed = 0;
try {
  const page = await browser.newPage({viewport: {width: 900, height: 700}, locale: 'zh-CN'});
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript((key) => sessionStorage.setItem('jingtu.key', key), JT_KEY);
  await page.goto(BASE_URL);
  await page.waitForFunction(() => window.__jingtu !== undefined);
  await page.evaluate(() => window.__jingtu.ready);
  // Its panel would hide a part of what is drawn.
  await page.evaluate(() => {
    document.getElementById('panel').style.display = 'none';
    window.__jingtu.map.resize();
  });
  const {styles} = await ask('ogc/styles');
  for (const {id} of styles) {
    const {numberMatched, features} = await ask(`ogc/collections/${id}/items?limit=1`);
    // Any corner of the first: from there something of it is in view.
    const place = features[0]?.geometry?.coordinates.flat(4).slice(0, 2);
    for (const labels of ['', '?glyphs=local']) {
      number += 1;
      const faults = [];
      const seen = [];
      for (const [name, view] of [['afar', null], ['near', place ? {center: place, zoom: 14} : null]]) {
        if (name === 'near' && !view) continue;
        const drawn = await page.evaluate(async ([url, where]) => {
          const {map} = window.__jingtu;
          const said = [];
          const note = (event) => said.push(String(event.error?.message ?? event.error));
          map.on('error', note);
          if (url) {
            map.setStyle(url, {diff: false});
            await new Promise((resolve) => map.once('style.load', resolve));
          }
          const {center = [105, 38], zoom = 4} = map.getStyle();
          map.jumpTo(where ?? {center, zoom: Math.max(zoom - 0.3, 0)});
          await new Promise((resolve) => {
            map.once('idle', resolve);
            map.triggerRepaint();
          });
          map.off('error', note);
          return {said, seen: map.queryRenderedFeatures().length};
        }, [name === 'afar' ? new URL(`ogc/styles/${id}${labels}`, BASE_URL).href : null, view]);
        faults.push(...drawn.said);
        seen.push(drawn.seen);
        if (JT_SCREENSHOTS) await page.locator('#map').screenshot({path: path.join(JT_SCREENSHOTS, `${id}-${name}${labels ? '-labels' : ''}.png`)});
      }
      // From afar small features of some collections are left out.
      const good = faults.length === 0 && (features.length === 0 || seen.at(-1) > 0);
      failed += good ? 0 : 1;
      console.log(`${good ? 'ok' : 'not ok'} ${number} - ${id}${labels}, ${numberMatched ?? 'many'} features, draws ${seen.join(' pieces from afar and near by ')}`);
      for (const fault of faults) console.log(`  # ${fault}`);
    }
  }
  number += 1;
  failed += complaints.length ? 1 : 0;
  console.log(`${complaints.length ? 'not ok' : 'ok'} ${number} - the browser had nothing to complain of`);
  for (const complaint of complaints) console.log(`  # ${complaint}`);
} finally {
  await browser.close();
}
console.log(`1..${number}`);
process.exit(failed ? 1 : 0);
