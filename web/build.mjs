// Builds web/dist: index.html and, under assets/, the scripts and the style sheet with a hash of
// their content in the name, so that the server may let browsers keep them for ever.
import {createHash} from 'node:crypto';
import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, 'dist');
const assets = path.join(dist, 'assets');
const require = createRequire(import.meta.url);
const maplibre = path.dirname(require.resolve('maplibre-gl/package.json'));

await rm(dist, {recursive: true, force: true});
await mkdir(assets, {recursive: true});

/** Writes one asset under a content-hashed name and returns the name. */
async function emit(stem, extension, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const name = `${stem}-${hash}.${extension}`;
  await writeFile(path.join(assets, name), bytes);
  return name;
}

// The worker is a finished module of its own; it is copied, and the page is told its name.
const worker = await emit('map-worker', 'js', await readFile(path.join(maplibre, 'dist', 'maplibre-gl-worker.mjs')));

const result = await build({
  entryPoints: {app: path.join(root, 'src', 'main.ts')},
  bundle: true,
  write: false,
  outdir: assets,
  format: 'esm',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  define: {WORKER_FILE: JSON.stringify(worker)},
  logLevel: 'warning',
});
const output = (extension) => {
  const file = result.outputFiles.find((one) => one.path.endsWith(extension));
  if (!file) throw new Error(`the build made no ${extension} file`);
  return file.contents;
};
const script = await emit('app', 'js', output('.js'));
const style = await emit('app', 'css', output('.css'));

// The licences of what is bundled ask that their notice goes with every copy.
const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
const notices = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  if (place === '' || entry.dev || entry.devOptional) continue;
  const folder = path.join(root, place);
  const found = await firstOf(folder, ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'License', 'license', 'license.md', 'LICENCE']);
  notices.push(`${place.replace(/^.*node_modules\//, '')} ${entry.version} (${entry.license ?? 'see below'})\n\n${found ?? ''}`.trim());
}
await writeFile(path.join(assets, 'third-party-licenses.txt'), notices.join(`\n\n${'-'.repeat(78)}\n\n`) + '\n');

async function firstOf(folder, names) {
  for (const name of names) {
    try {
      return await readFile(path.join(folder, name), 'utf8');
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

const page = (await readFile(path.join(root, 'src', 'index.html'), 'utf8'))
  .replace('%STYLE%', `assets/${style}`)
  .replace('%SCRIPT%', `assets/${script}`);
await writeFile(path.join(dist, 'index.html'), page);
console.log(`dist: index.html, ${style}, ${script}, ${worker}`);
