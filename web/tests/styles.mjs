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
    for (const labels of ['', '?glyphs=local']) {
      number += 1;
      const drawn = await page.evaluate(async (url) => {
        const {map} = window.__jingtu;
        const faults = [];
        const note = (event) => faults.push(String(event.error?.message ?? event.error));
        map.on('error', note);
        const idle = () => new Promise((resolve) => {
          map.once('idle', resolve);
          map.triggerRepaint();
        });
        map.setStyle(url, {diff: false});
        await new Promise((resolve) => map.once('style.load', resolve));
        const style = map.getStyle();
        const [x, y] = style.center ?? [105, 38];
        map.jumpTo({center: [x, y], zoom: Math.max((style.zoom ?? 4) - 0.3, 0)});
        await idle();
        const seen = map.queryRenderedFeatures().length;
        map.off('error', note);
        return {seen, faults, symbols: style.layers.filter((layer) => layer.type === 'symbol').length};
      }, new URL(`ogc/styles/${id}${labels}`, BASE_URL).href);
      const good = drawn.faults.length === 0 && (features.length === 0 || drawn.seen > 0);
      failed += good ? 0 : 1;
      console.log(`${good ? 'ok' : 'not ok'} ${number} - ${id}${labels} draws ${drawn.seen} pieces of ${numberMatched ?? 'many'} features`);
      for (const fault of drawn.faults) console.log(`  # ${fault}`);
      if (JT_SCREENSHOTS) await page.locator('#map').screenshot({path: path.join(JT_SCREENSHOTS, `${id}${labels ? '-labels' : ''}.png`)});
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
