// @camptocamp/ogc-client finds what there is; @placemarkio/check-geojson finds nothing wrong with any feature.
import {OgcApiEndpoint, setFetchOptions} from '@camptocamp/ogc-client';
import {check} from '@placemarkio/check-geojson';
import {BASE, Client, assert, everything, get, keys, version} from './report.mjs';

const {collections} = await get('/collections', 'auditor');
const geojson = new Client('check-geojson', version('@placemarkio/check-geojson'));
const counts = {};
for (const {id} of collections) {
  await geojson.check(`reads the items of ${id}`, async () => {
    const features = await everything(id, 'auditor');
    counts[id] = features.length;
    if (features.length === 0) return 'there are none in the sample data';
    check(JSON.stringify({type: 'FeatureCollection', features}));
    check(JSON.stringify(await get(`/collections/${id}/items/${features[0].id}`, 'auditor', 'application/geo+json')));
    return `${features.length} features`;
  });
}

const client = new Client('ogc-client', version('@camptocamp/ogc-client'));
setFetchOptions({headers: {authorization: `Bearer ${keys.auditor}`, 'accept-language': 'en'}});
const server = new OgcApiEndpoint(BASE);
await client.check('finds the entrance', async () => {
  const info = await server.info;
  assert(info.title, 'no title');
  return info.title;
});
await client.check('finds features and vector tiles by the conformance classes', async () => {
  assert(await server.hasFeatures, 'no features');
  assert(await server.hasTiles, 'no tiles');
  assert((await server.tileMatrixSets).includes('CGCS2000Quad'), `tile matrix sets ${await server.tileMatrixSets}`);
});
await client.check('lists every collection', async () => {
  const ids = collections.map(({id}) => id).sort();
  assert(String([...(await server.featureCollections)].sort()) === String(ids), await server.featureCollections);
  assert(String([...(await server.vectorTileCollections)].sort()) === String(ids), await server.vectorTileCollections);
});
for (const {id} of collections) {
  await client.check(`describes ${id}`, async () => {
    const info = await server.getCollectionInfo(id);
    assert(info.id === id && info.title && info.itemFormats.includes('application/geo+json'), JSON.stringify(info));
    assert(info.queryables.length > 0 && info.sortables.length > 0, 'neither queryables nor sortables');
    assert(info.crs.includes('http://www.opengis.net/def/crs/EPSG/0/4490'), 'no EPSG:4490');
    const address = await server.getVectorTilesetUrl(id, 'WebMercatorQuad');
    assert(address, 'no tile set');
    return `${info.queryables.length} queryables`;
  });
  await client.check(`reads ${id}`, async () => {
    const some = await server.getCollectionItems(id, 50, 0);
    assert(some.length === Math.min(50, counts[id]), `${some.length} items`);
    if (some.length === 0) return 'there are none in the sample data';
    assert((await server.getCollectionItem(id, some[0].id)).id === some[0].id, 'another item');
    const rest = counts[id] > 50 ? await server.getCollectionItems(id, 50, 50) : [];
    assert(!rest.some(({id: a}) => some.some(({id: b}) => a === b)), 'an item is on two pages');
    return `${some.length} and ${rest.length} items`;
  });
}
await client.check('sorts, chooses properties and asks by a box', async () => {
  const items = await server.getCollectionItems('farmland', 20, 0, true, ['-area_m2'], [113, 39, 114, 40], ['code', 'area_m2']);
  assert(items.length === 20, `${items.length} items`);
  const areas = items.map(({properties}) => properties.area_m2);
  assert(areas.every((area, n) => n === 0 || area <= areas[n - 1]), `areas ${areas}`);
  assert(items.every(({geometry, properties}) => !geometry && Object.keys(properties).length === 2), 'more than was asked for');
});
