// Vector tiles are decoded by Mapbox's own reader and held against the items; styles, where there are, by gl-style-validate.
import {VectorTile} from '@mapbox/vector-tile';
import {writeFileSync} from 'node:fs';
import {PbfReader} from 'pbf';
import {validateStyleMin} from '@maplibre/maplibre-gl-style-spec';
import {ARTEFACTS, BASE, Client, assert, everything, get, inOrder, keys, version} from './report.mjs';

const client = new Client('vector-tile', version('@mapbox/vector-tile'));
const {collections} = await get('/collections', 'auditor');

/** Of a tile matrix set: where a place is in the tiles of a zoom, in tiles. */
const GRIDS = {
  WebMercatorQuad: (lon, lat, z) => {
    const y = Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI;
    return [((lon + 180) / 360) * 2 ** z, ((1 - y) / 2) * 2 ** z];
  },
  WorldCRS84Quad: (lon, lat, z) => [((lon + 180) / 180) * 2 ** z, ((90 - lat) / 180) * 2 ** z],
  CGCS2000Quad: (lon, lat, z) => [((lon + 180) / 360) * 2 ** z, ((90 - lat) / 360) * 2 ** z],
};

async function tile(collection, tms, z, y, x) {
  const answer = await fetch(`${BASE}/collections/${collection}/tiles/${tms}/${z}/${y}/${x}`, {headers: {authorization: `Bearer ${keys.auditor}`}});
  if (answer.status === 204) return null;
  assert(answer.status === 200, `${answer.status} of ${tms}/${z}/${y}/${x}`);
  assert(answer.headers.get('content-type') === 'application/vnd.mapbox-vector-tile', answer.headers.get('content-type'));
  return new VectorTile(new PbfReader(new Uint8Array(await answer.arrayBuffer())));
}

function* places(coordinates) {
  if (typeof coordinates[0] === 'number') yield coordinates;
  else for (const part of coordinates) yield* places(part);
}

function bounds(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** Holds a decoded tile against the items; gives the ids in it. */
function compare(decoded, collection, items, [x, y], place) {
  const ids = new Set();
  for (const [name, layer] of Object.entries(decoded.layers)) {
    assert(['', '-points', '-overview'].some((beside) => name === collection + beside), `a layer ${name}`);
    assert(layer.version === 2 && layer.extent > 0, `version ${layer.version}`);
    const decodedFeatures = Array.from({length: layer.length}, (_, n) => layer.feature(n));
    const carried = new Set(decodedFeatures.flatMap(({properties}) => Object.keys(properties)));
    for (const feature of decodedFeatures) {
      const {id, ...properties} = feature.properties;
      const rings = feature.loadGeometry();
      if (name !== collection) continue; // Points, clusters and squares that stand for many.
      assert(rings.length > 0 && rings.every((ring) => ring.length > 0), 'a feature without geometry');
      const item = items.get(id);
      assert(item, `${id} is no item`);
      ids.add(id);
      for (const [key, value] of Object.entries(properties)) {
        assert(item.properties[key] === value, `${key} of ${id} is ${item.properties[key]}, in the tile ${value}`);
      }
      for (const [key, value] of Object.entries(item.properties)) {
        if (value !== null && carried.has(key)) assert(properties[key] === value, `${key} of ${id} is missing`);
      }
      // A feature that lies in the tile whole has its bounds there, to half a pixel: simpler outlines are off by a quarter
      // in degrees, which Mercator's projection stretches with the latitude.
      const [west, north, east, south] = item.bounds(place);
      const inside = west >= x && east <= x + 1 && north >= y && south <= y + 1;
      if (inside && feature.type === item.kind) {
        const got = bounds(rings.flat().map((point) => [x + point.x / layer.extent, y + point.y / layer.extent]));
        const off = Math.max(...[west, north, east, south].map((side, at) => Math.abs(side - got[at]))) * layer.extent;
        assert(off <= 4, `${id} is off by ${off} cells`);
      }
    }
  }
  return ids;
}

for (const {id: collection} of collections) {
  const features = inOrder(await everything(collection, 'auditor')).filter(({geometry}) => geometry);
  if (features.length === 0) {
    client.say('skipped', `decodes ${collection}`, 'the sample data has no rows of it');
    continue;
  }
  const items = new Map(
    features.map(({id, geometry, properties}) => {
      const points = geometry.type === 'GeometryCollection' ? [] : [...places(geometry.coordinates)];
      const kind = geometry.type.endsWith('Point') ? 1 : geometry.type.endsWith('LineString') ? 2 : 3;
      return [id, {properties, kind, points, bounds: (place) => bounds(points.map(([lon, lat]) => place(lon, lat)))}];
    }),
  );
  for (const [tms, grid] of Object.entries(GRIDS)) {
    await client.check(`decodes ${collection} in ${tms}`, async () => {
      // From the whole world down to the tiles about six features: every tile of it.
      const some = features.filter((_, n) => n % Math.ceil(features.length / 6) === 0);
      let [tiles, empty, seen] = [0, 0, 0];
      for (let z = tms === 'CGCS2000Quad' ? 1 : 0; z <= 16; z += 1) {
        const place = (lon, lat) => grid(lon, lat, z);
        const wanted = new Map();
        for (const {id, geometry} of some) {
          const [lon, lat] = places(geometry.coordinates).next().value;
          const [x, y] = place(lon, lat).map(Math.floor);
          wanted.set(`${y}/${x}`, [...(wanted.get(`${y}/${x}`) ?? []), id]);
        }
        for (const [address, ids] of wanted) {
          const [y, x] = address.split('/').map(Number);
          const decoded = await tile(collection, tms, z, y, x);
          tiles += 1;
          if (!decoded) {
            empty += 1;
            assert(z < 14, `${tms}/${z}/${address} is empty, and ${ids} begin in it`);
            continue;
          }
          const found = compare(decoded, collection, items, [x, y], place);
          seen += found.size;
          if (z < 14) continue;
          for (const [id, {points}] of items) {
            const inside = points.some(([lon, lat]) => String(place(lon, lat).map(Math.floor)) === String([x, y]));
            assert(!inside || found.has(id), `${id} has a corner in ${tms}/${z}/${address} and is not there`);
          }
        }
      }
      return `${tiles} tiles, ${empty} of them empty, ${seen} features`;
    });
  }
}

const styles = new Client('gl-style-validate', version('@maplibre/maplibre-gl-style-spec'));
const listed = await fetch(`${BASE}/styles`, {headers: {authorization: `Bearer ${keys.auditor}`, accept: 'application/json'}});
if (listed.status === 404) {
  styles.say('skipped', 'reads styles', 'the server has no /ogc/styles');
} else {
  for (const {id, links} of (await listed.json()).styles) {
    await styles.check(`reads the style ${id}`, async () => {
      const link = links.find(({rel, type}) => rel === 'stylesheet' && type === 'application/vnd.mapbox.style+json');
      assert(link, `no stylesheet among ${JSON.stringify(links)}`);
      const style = await get(link.href, 'auditor', 'application/vnd.mapbox.style+json');
      writeFileSync(`${ARTEFACTS}/style-${id}.json`, JSON.stringify(style, null, 2));
      const faults = validateStyleMin(style);
      assert(faults.length === 0, faults.map(({message}) => message).join('; '));
      return `${style.layers.length} layers`;
    });
  }
}
