"""QGIS without a screen: its OAPIF provider loads, counts, pages, asks by boxes and filters. Run by the Python that QGIS is
installed for. `BASE` leads through recorder.py, whose log says what QGIS asked."""

import json
import os
import re
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")

from report import Client  # noqa: E402

try:
    from qgis.core import (Qgis, QgsApplication, QgsFeatureRequest, QgsGeometry, QgsMapRendererParallelJob,
                           QgsMapSettings, QgsPointXY, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer)
    from qgis.PyQt.QtCore import QSize
except ImportError as error:
    Client("QGIS", "-").skipped("everything", f"{error}: apt-get install --no-install-recommends python3-qgis")
    sys.exit(0)

import truth  # noqa: E402

BASE, KEY, LOG = os.environ["BASE"], json.loads(os.environ["KEYS"])["auditor"], os.environ["REQUESTS"]
client = Client("QGIS", Qgis.QGIS_VERSION.split("-")[0])
QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
application.messageLog().messageReceived.connect(lambda text, tag, level: print("qgis:", tag, text, file=sys.stderr))
PAGE = 500
# The provider of 3.32 and later asks in CQL2; before, it knows `datetime` alone.
CQL2 = Qgis.QGIS_VERSION_INT >= 33200


def asked():
    """What was asked since the last time."""
    with open(LOG) as log:
        log.seek(asked.seen)
        lines = log.read().splitlines()
        asked.seen = log.tell()
    return lines


asked.seen = 0


def layer(collection, extra=""):
    found = QgsVectorLayer(f"url='{BASE}' typename='{collection}' username='key' password='{KEY}' pagingEnabled='true' pageSize='{PAGE}'{extra}",
                           collection, "OAPIF")
    assert found.isValid(), found.error().message()
    return found


def corner(wkb):
    """The first place of a geometry."""
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    return QgsGeometry.fromPointXY(QgsPointXY(next(geometry.vertices())))


def ids(features):
    return {feature["id"] for feature in features}


for collection in truth.COLLECTIONS:
    rows = truth.rows(collection)
    if not rows:
        client.skipped(f"reads {collection}", "the sample data has no rows of it")
        continue
    with client.check(f"reads {collection}") as notes:
        asked()
        source = layer(collection)
        assert source.featureCount() == len(rows), f"{source.featureCount()} announced, {len(rows)} rows"
        fields = {field.name() for field in source.fields()}
        assert set(truth.COLLECTIONS[collection][2]) <= fields, f"fields {sorted(fields)}"
        features = list(source.getFeatures())
        assert ids(features) == set(rows) and len(features) == len(rows), f"{len(features)} features, {len(rows)} rows"
        wrong = [feature["id"] for feature in features if feature.hasGeometry() != (rows[feature["id"]]["geometry"] is not None)]
        assert not wrong, f"geometries of {wrong[:3]}"
        # Longitude is x for QGIS, by whichever name it calls the system.
        for feature in features:
            if feature.hasGeometry():
                far = feature.geometry().distance(corner(rows[feature["id"]]["geometry"]))
                assert far < 2e-7, f"{feature['id']} is {far} degrees away"
        assert source.crs().authid() in ("OGC:CRS84", "EPSG:4326", "EPSG:4490"), source.crs().authid()
        requests = asked()
        pages = sum("/items?" in line for line in requests)
        assert pages >= len(rows) / PAGE, f"{pages} pages"
        refused = [line for line in requests if line[:1] not in "23"]
        assert not refused, refused[0]
        notes.append(f"{len(features)} features, {pages} requests for items, {source.crs().authid()}")

with client.check("asks by a box") as notes:
    source = layer("farmland", " restrictToRequestBBOX='1'")
    asked()
    found = ids(source.getFeatures(QgsFeatureRequest(QgsRectangle(113, 39, 114, 40))))
    there = {row["id"] for row in truth.ask("select id from farmland_unit where ended_on is null and geom && st_makeenvelope(113, 39, 114, 40, 4490)")}
    assert found == there, f"{len(found)} features, {len(there)} rows"
    requests = asked()
    assert any("bbox=" in line for line in requests), requests
    notes.append(f"{len(found)} features")
for condition, sql, pushed in [
    ("\"class\" = 'strict_control'", "class = 'strict_control'", True),
    ("\"area_m2\" > 20000 AND \"crop\" LIKE '小%'", "area_m2 > 20000 and crop like '小%'", True),
    ("upper(\"class\") = 'STRICT_CONTROL'", "class = 'strict_control'", False),
]:
    with client.check(f"filters by {condition}") as notes:
        source = layer("farmland")
        assert source.setSubsetString(condition), "the filter is not taken"
        asked()
        found = ids(source.getFeatures())
        there = {row["id"] for row in truth.ask(f"select id from farmland_unit where ended_on is null and {sql}")}
        assert found == there and found, f"{len(found)} features, {len(there)} rows"
        requests = [line for line in asked() if "/items?" in line]
        there_too = any(re.search(r"[?&](filter|class)=", line) for line in requests)
        if CQL2 and pushed:
            assert there_too, f"the filter was not asked of the server: {requests[:1]}"
        notes.append(f"{len(found)} features, filtered {'by the server' if there_too else 'by QGIS'}")
with client.check("shows vector tiles"):
    address = f"{BASE}/collections/contaminated-sites/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    tiles = QgsVectorTileLayer(f"type=xyz&url={address}&zmin=0&zmax=18", "tiles")
    assert tiles.isValid(), tiles.error().message()
    settings = QgsMapSettings()
    settings.setLayers([tiles])
    settings.setDestinationCrs(tiles.crs())
    settings.setOutputSize(QSize(600, 450))
    settings.setExtent(QgsRectangle(11000000, 2500000, 13500000, 5500000))
    asked()
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(os.path.join(os.environ["ARTEFACTS"], "qgis-contaminated-sites.png"))
    requests = [line for line in asked() if "/tiles/" in line]
    assert requests and all(line[:3] in ("200", "204") for line in requests), requests[:2]
    colours = {image.pixel(x, y) for x in range(0, 600, 2) for y in range(0, 450, 2)}
    assert len(colours) > 1, "the picture is empty"
sys.stdout.flush()
os._exit(0)  # QGIS does not always get down by itself.
