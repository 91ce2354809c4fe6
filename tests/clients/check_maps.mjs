// OpenLayers and MapLibre draw the tiles in a browser; each map leaves a picture among the artefacts.
import {createServer} from 'node:http';
import {mkdirSync, readFileSync} from 'node:fs';
import {build} from 'esbuild';
import {chromium} from 'playwright-core';
import {ARTEFACTS, BASE, Client, assert, everything, get, inOrder, keys, version} from './report.mjs';

const {CHROMIUM = '/usr/bin/chromium'} = process.env;
const ol = new Client('OpenLayers', version('ol'));
const maplibre = new Client('MapLibre', version('maplibre-gl'));
const bundle = await build({
  entryPoints: [new URL('maps_page.mjs', import.meta.url).pathname], bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'error',
});
// The worker is a finished module of its own, as for the server's page.
const worker = readFileSync(new URL('node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs', import.meta.url), 'utf8');
const document = '<!doctype html><meta charset="utf-8"><body style="margin:0"><script type="module" src="/page.js"></script>';
const files = {'/': ['text/html', document], '/page.js': ['text/javascript', bundle.outputFiles[0].text], '/worker.js': ['text/javascript', worker]};
// At another address than the server: what a map of somebody else's does, by CORS.
const server = createServer(({url}, response) => {
  const [kind, text] = files[url] ?? ['text/plain', ''];
  response.writeHead(files[url] ? 200 : 404, {'content-type': kind}).end(text);
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

let browser;
try {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
} catch (error) {
  for (const client of [ol, maplibre]) client.say('skipped', 'draws maps', `there is no browser: ${error.message.split('\n')[0]}`);
  process.exit(0);
}
mkdirSync(ARTEFACTS, {recursive: true});
const page = await browser.newPage({viewport: {width: 900, height: 700}});
page.on('console', (message) => console.error('page:', message.text()));
page.on('response', (answer) => answer.status() >= 400 && console.error('page:', answer.status(), answer.url()));
page.on('pageerror', (error) => console.error('page:', error.message));
page.setDefaultTimeout(60_000);
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction('window.ready');

/** The share of the picture that is not white or next to it. */
async function painted(name) {
  const png = await page.screenshot({path: `${ARTEFACTS}/${name}.png`});
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const {data: pixels} = context.getImageData(0, 0, image.width, image.height);
    let different = 0;
    for (let at = 0; at < pixels.length; at += 4) different += Math.min(pixels[at], pixels[at + 1], pixels[at + 2]) < 231 ? 1 : 0;
    return different / (pixels.length / 4);
  }, png.toString('base64'));
}

function corner(geometry) {
  let at = geometry.coordinates;
  while (typeof at[0] !== 'number') at = at[0];
  return at.slice(0, 2);
}

async function show(client, name, act) {
  await client.check(`draws ${name}`, async () => {
    const found = await act();
    const share = await painted(`${client.name}-${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'));
    assert((found.faults ?? []).length === 0, `${found.faults?.length} faults, ${found.faults?.[0]}`);
    assert(found.features > 0, 'no feature is on the map');
    // From afar one place alone is a dot of some twenty pixels.
    assert(share > 0.00001, `the picture is empty (${share})`);
    return `${found.features} features, ${(share * 100).toFixed(1)} % painted${found.projection ? `, ${found.projection}` : ''}`;
  });
}

const SYSTEMS = {WebMercatorQuad: 'EPSG:3857', WorldCRS84Quad: 'CRS:84', CGCS2000Quad: 'EPSG:4490'};
const styles = await fetch(`${BASE}/styles`, {headers: {accept: 'application/json'}}).then((answer) => answer.ok);
const {collections} = await get('/collections', undefined);
for (const {id, extent} of collections) {
  const features = inOrder(await everything(id)).filter(({geometry}) => geometry);
  if (features.length === 0) {
    for (const client of [ol, maplibre]) client.say('skipped', `draws ${id}`, 'the sample data has no rows of it');
    continue;
  }
  const at = corner(features.at(-1).geometry);
  const tileset = (tms) => `${BASE}/collections/${id}/tiles/${tms}?f=json`;
  for (const [tms, system] of Object.entries(SYSTEMS)) {
    if (tms !== 'WebMercatorQuad' && id !== 'farmland') continue;
    await show(ol, `${id} in ${tms}`, () => page.evaluate((all) => window.openlayers(...all), [tileset(tms), system, at, 14]));
  }
  const style = styles ? `${BASE}/styles/${id}` : null;
  const tilejson = `${BASE}/collections/${id}/tiles/WebMercatorQuad/tilejson`;
  const layers = (await get(tilejson)).vector_layers.map((layer) => layer.id);
  const [west, south, east, north] = extent.spatial.bbox[0];
  for (const [place, zoom, name] of [[at, 13, 'near by'], [[(west + east) / 2, (south + north) / 2], 3.5, 'from afar']]) {
    // Below the zoom at which everything is drawn a layer may have nothing large enough to show.
    if (name === 'from afar' && id === 'farmland' && !styles) continue;
    await show(maplibre, `${id} ${name}`, () => page.evaluate((all) => window.maplibre(...all), [tilejson, style, layers, place, zoom, null]));
  }
}
await show(maplibre, 'suspected-sites with a key', async () => {
  const [{geometry}] = inOrder(await everything('suspected-sites', 'auditor'));
  const tilejson = `${BASE}/collections/suspected-sites/tiles/WebMercatorQuad/tilejson`;
  return page.evaluate((all) => window.maplibre(...all), [tilejson, null, ['suspected-sites'], corner(geometry), 13, keys.auditor]);
});
await browser.close();
server.close();
