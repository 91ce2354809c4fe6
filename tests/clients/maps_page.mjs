// Runs in the browser: maps of OpenLayers and MapLibre over the server's tiles. check_maps.mjs calls what is on `window`.
import {Map as MapLibre, setWorkerUrl} from 'maplibre-gl';
import OlMap from 'ol/Map.js';
import View from 'ol/View.js';
import MVT from 'ol/format/MVT.js';
import VectorTileLayer from 'ol/layer/VectorTile.js';
import {Projection, addProjection, addCoordinateTransforms, get as projection, transform, transformExtent} from 'ol/proj.js';
import OGCVectorTile from 'ol/source/OGCVectorTile.js';
import {Circle, Fill, Stroke, Style} from 'ol/style.js';

setWorkerUrl(new URL('/worker.js', location.href).href);

const COLOUR = '#d73027';

// CGCS2000 in degrees, latitude first, as its register has it.
addProjection(new Projection({code: 'EPSG:4490', units: 'degrees', axisOrientation: 'neu', extent: [-180, -90, 180, 90], global: true, metersPerUnit: 111319.49}));
const same = (input) => input.slice();
addCoordinateTransforms('EPSG:4490', 'EPSG:4326', same, same);
const [toMercator, fromMercator] = ['EPSG:3857', 'EPSG:4326'].map((to, n) => {
  const from = n === 0 ? 'EPSG:4326' : 'EPSG:3857';
  return (input) => transformExtent([input[0], input[1], input[0], input[1]], from, to).slice(0, 2);
});
addCoordinateTransforms('EPSG:4490', 'EPSG:3857', toMercator, fromMercator);
for (const uri of ['http://www.opengis.net/def/crs/EPSG/0/4490', 'urn:ogc:def:crs:EPSG::4490']) {
  if (!projection(uri)) {
    addProjection(new Projection({code: uri, units: 'degrees', axisOrientation: 'neu', extent: [-180, -90, 180, 90], global: true, metersPerUnit: 111319.49}));
    addCoordinateTransforms(uri, 'EPSG:4326', same, same);
    addCoordinateTransforms(uri, 'EPSG:3857', toMercator, fromMercator);
  }
}

function room() {
  document.body.innerHTML = '<div id="map" style="position:absolute;inset:0;background:#fff"></div>';
}

/** How many different features OpenLayers drew of a tile set about a place. */
window.openlayers = (tileset, system, lonLat, zoom) =>
  new Promise((resolve, reject) => {
    room();
    const faults = [];
    const source = new OGCVectorTile({url: tileset, projection: system, format: new MVT({idProperty: 'id'})});
    source.on('tileloaderror', ({tile}) => faults.push(`a tile could not be loaded: ${tile.key ?? tile.tileCoord}`));
    const paint = new Style({
      fill: new Fill({color: 'rgba(215,48,39,0.45)'}),
      stroke: new Stroke({color: '#7f0000', width: 1.5}),
      image: new Circle({radius: 5, fill: new Fill({color: '#d73027'})}),
    });
    const layer = new VectorTileLayer({source, style: paint});
    const map = new OlMap({target: 'map', layers: [layer], view: new View({projection: system, center: transform(lonLat, 'EPSG:4326', system), zoom})});
    source.on('change', () => source.getState() === 'error' && reject(new Error('OpenLayers cannot use the tile set')));
    map.on('rendercomplete', () => {
      if (source.getState() !== 'ready') return;
      const extent = map.getView().calculateExtent(map.getSize());
      const ids = new Set(layer.getFeaturesInExtent(extent).map((feature) => feature.getId() ?? feature.get('point_count')));
      resolve({features: ids.size, faults, projection: source.getProjection()?.getCode(), layers: [...new Set(layer.getFeaturesInExtent(extent).map((f) => f.get('layer')))]});
    });
  });

/** How many different features MapLibre drew about a place, with the server's own style if it has one. */
window.maplibre = (tilejson, style, layers, lonLat, zoom, key) =>
  new Promise((resolve, reject) => {
    room();
    const own = {
      version: 8,
      sources: {here: {type: 'vector', url: tilejson}},
      layers: [
        {id: 'ground', type: 'background', paint: {'background-color': '#ffffff'}},
        ...layers.flatMap((id) => [
          {id: `${id} area`, type: 'fill', source: 'here', 'source-layer': id, filter: ['==', ['geometry-type'], 'Polygon'], paint: {'fill-color': COLOUR, 'fill-opacity': 0.45}},
          {id: `${id} edge`, type: 'line', source: 'here', 'source-layer': id, paint: {'line-color': '#7f0000', 'line-width': 1.5}},
          {id: `${id} point`, type: 'circle', source: 'here', 'source-layer': id, filter: ['==', ['geometry-type'], 'Point'], paint: {'circle-color': COLOUR, 'circle-radius': 5}},
        ]),
      ],
    };
    const transformRequest = (url) => (key ? {url, headers: {Authorization: `Bearer ${key}`}} : {url});
    const map = new MapLibre({container: 'map', style: style ?? own, center: lonLat, zoom, transformRequest, fadeDuration: 0, attributionControl: false});
    map.on('error', ({error}) => reject(new Error(`MapLibre: ${error?.message}`)));
    map.once('idle', () => {
      const drawn = map.queryRenderedFeatures();
      resolve({features: new Set(drawn.map(({properties}) => properties.id ?? JSON.stringify(properties))).size, layers: [...new Set(drawn.map(({layer}) => layer.id))]});
    });
  });
window.ready = true;
