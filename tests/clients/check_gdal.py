"""GDAL's OAPIF driver in two generations reads every collection completely: Debian's by ogr2ogr, the one inside pyogrio."""

import datetime
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import urllib.parse

import numpy
import pyogrio
import pyproj
import shapely
from pyogrio.raw import read as pyogrio_read

import truth
from report import Client

BASE, KEY, LOG = os.environ["BASE"], json.loads(os.environ["KEYS"])["auditor"], os.environ["REQUESTS"]
# Degrees: the server gives seven decimals.
DEGREES, METRES = 1e-7, 1e-3
PAGE = 500
KINDS = {
    "text": {("OFTString", "OFSTNone"), "TEXT"},
    "number": {("OFTReal", "OFSTNone"), "REAL"},
    "bool": {("OFTInteger", "OFSTBoolean"), "BOOLEAN"},
    "date": {("OFTDate", "OFSTNone"), "DATE"},
    "integer": {("OFTInteger", "OFSTNone"), ("OFTInteger64", "OFSTNone"), "MEDIUMINT", "INTEGER"},
}


def kinds_of(collection, rows, page):
    """What GDAL can know: it takes the types of fields from the values of the first page, so a field without any is text."""
    fields = truth.COLLECTIONS[collection][2]
    first = [rows[id] for id in sorted(rows)[:page]]
    return {name: kind if any(row[name] is not None for row in first) else "text" for name, kind in fields.items()}


def compare(collection, rows, kinds, found, tolerance, project=None):
    """Holds features by id against rows of the database: every one, every field, every coordinate."""
    assert set(found) == set(rows), f"{len(found)} features, {len(rows)} rows, {len(set(found) ^ set(rows))} differ"
    for id, row in rows.items():
        fields, wkb = found[id]
        for name in kinds:
            expected, got = row[name], fields[name]
            if isinstance(expected, float):
                same = got is not None and abs(expected - got) <= abs(expected) * 1e-12
            else:
                same = expected == got
            assert same, f"{id}: {name} is {expected!r} in the database and {got!r} here"
        if row["geometry"] is None or wkb is None:
            assert row["geometry"] is None and wkb is None, f"{id}: one of the geometries is missing"
            continue
        expected, got = shapely.from_wkb(row["geometry"]), shapely.from_wkb(wkb)
        assert expected.geom_type == got.geom_type, f"{id}: {expected.geom_type} became {got.geom_type}"
        a, b = shapely.get_coordinates(expected), shapely.get_coordinates(got)
        if project:
            a = numpy.column_stack(project.transform(a[:, 0], a[:, 1]))
        assert a.shape == b.shape, f"{id}: {len(a)} coordinates became {len(b)}"
        worst = numpy.abs(a - b).max()
        assert worst <= tolerance * 1.01, f"{id}: coordinates are off by {worst}"


def geopackage(path, collection):
    """Fields and features of a GeoPackage, by hand."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    columns = {row["name"]: row["type"].split("(")[0] for row in db.execute(f'pragma table_info("{collection}")')}
    found = {}
    for row in db.execute(f'select * from "{collection}"'):
        blob, wkb = row["geom"], None
        if blob is not None and not blob[3] & 0x10:
            wkb = blob[8 + {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[blob[3] >> 1 & 7]:]
        fields = {name: bool(row[name]) if kind == "BOOLEAN" and row[name] is not None else row[name]
                  for name, kind in columns.items()}
        found[row["id"]] = (fields, wkb)
    srs = db.execute("select organization, organization_coordsys_id from gpkg_spatial_ref_sys join gpkg_geometry_columns using (srs_id)")
    return columns, found, ":".join(map(str, srs.fetchone()))


def asked():
    """The pages of items that were asked for since the last time."""
    with open(LOG) as log:
        log.seek(asked.seen)
        lines = log.read().splitlines()
        asked.seen = log.tell()
    refused = [line for line in lines if line[:1] not in "23"]
    assert not refused, refused[0]
    return [urllib.parse.unquote_plus(line) for line in lines if "/items" in line]


asked.seen = 0
# A condition in OGR's SQL, the same in the database's, and what of it GDAL leaves to the server.
CONDITIONS = [
    ("class = 'strict_control'", None, "class = 'strict_control'"),
    ("area_m2 > 50000", None, "area_m2 > 50000"),
    ("crop like '小%' and pbf = 1", "crop like '小%' and pbf", "(crop LIKE '小%') AND (pbf = 1)"),
    ("village is null or township = '示例镇三'", None, "((village IS NULL)) OR (township = '示例镇三')"),
    ("not class in ('strict_control', 'safe_use')", None, None),
    ("crop ilike '%麦' and area_m2 between 10000 and 60000", None, "crop ILIKE '%麦'"),
]


def debian():
    if not shutil.which("ogr2ogr"):
        Client("GDAL (Debian)", "-").skipped("everything", "ogr2ogr is not installed: apt-get install gdal-bin")
        return
    version = subprocess.run(["ogrinfo", "--version"], capture_output=True, text=True).stdout.split(",")[0].split()[-1]
    client = Client("GDAL (Debian)", version)
    environment = os.environ | {"GDAL_HTTP_USERPWD": f"key:{KEY}", "no_proxy": "127.0.0.1"}
    run = lambda *arguments: subprocess.run(arguments, capture_output=True, text=True, env=environment)
    listed = run("ogrinfo", "-ro", "-q", f"OAPIF:{BASE}")
    with client.check("lists every collection") as notes:
        names = {line.split(": ")[1].split(" (")[0] for line in listed.stdout.splitlines() if line[:1].isdigit()}
        assert names == set(truth.COLLECTIONS), f"{sorted(names)} {listed.stderr}"
        notes.append(f"{len(names)} collections")
    with tempfile.TemporaryDirectory() as folder:
        for collection in truth.COLLECTIONS:
            rows = truth.rows(collection)
            if not rows:
                client.skipped(f"reads {collection}", "the sample data has no rows of it")
                continue
            with client.check(f"reads {collection}") as notes:
                path = os.path.join(folder, collection + ".gpkg")
                done = run("ogr2ogr", "-f", "GPKG", path, f"OAPIF:{BASE}", collection, "-nlt", "GEOMETRY", "-oo", f"PAGE_SIZE={PAGE}")
                assert done.returncode == 0 and not done.stderr.strip(), done.stderr
                columns, found, crs = geopackage(path, collection)
                kinds = kinds_of(collection, rows, PAGE)
                types = {name: columns.get(name) for name in kinds}
                wrong = {name: got for name, got in types.items() if got not in KINDS[kinds[name]]}
                assert not wrong, f"types {wrong}"
                assert set(columns) == {"fid", "geom", "id"} | set(kinds), f"fields {sorted(columns)}"
                compare(collection, rows, kinds, found, DEGREES)
                assert crs == "EPSG:4326", f"the coordinates are said to be in {crs}"
                notes.append(f"{len(found)} features, {len(kinds)} fields")
    with client.check("filters by a box and by a field"):
        said = run("ogrinfo", "-ro", "-so", f"OAPIF:{BASE}", "farmland", "-spat", "113", "39", "114", "40", "-where", "class = 'strict_control'")
        there = truth.ask("select count(*) as n from farmland_unit where ended_on is null and class = 'strict_control' "
                          "and st_intersects(geom, st_makeenvelope(113, 39, 114, 40, 4490))")[0]["n"]
        assert int(there) > 0 and f"Feature Count: {there}\n" in said.stdout, f"{there} in the database: {said.stdout[-300:]}"
    for condition, sql, pushed in CONDITIONS:
        with client.check(f"filters by {condition}") as notes:
            asked()
            said = run("ogrinfo", "-ro", "-q", f"OAPIF:{BASE}", "farmland", "-where", condition, "-geom=NO")
            found = said.stdout.count("OGRFeature(farmland)")
            there = truth.ask(f"select id from farmland_unit where ended_on is null and ({sql or condition})")
            assert found == len(there), f"{found} features, {len(there)} rows: {said.stderr}"
            notes.append(left_to_the_server(found, pushed))


def left_to_the_server(found, pushed):
    """Holds what was asked since the last time against what GDAL should leave to the server."""
    requests = asked()
    if pushed:
        assert any("filter-lang=cql-text" in line and pushed in line for line in requests), f"{pushed} is not in {requests[-1:]}"
    return f"{found} features, filtered by {'the server' if pushed else 'GDAL'}"


def plain(value):
    """A field's value as the database has it."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, numpy.datetime64):
        return None if numpy.isnat(value) else str(value.astype("datetime64[D]"))
    if isinstance(value, (datetime.date,)):
        return value.isoformat()
    return value.item() if isinstance(value, numpy.generic) else value


def pyogrio_rows(collection, **options):
    meta, _, geometry, columns = pyogrio_read(f"OAPIF:{BASE}", layer=collection, USERPWD=f"key:{KEY}", **{"PAGE_SIZE": PAGE, "INITIAL_REQUEST_PAGE_SIZE": PAGE} | options)
    names = list(meta["fields"])
    found = {}
    for n in range(len(columns[0]) if columns else 0):
        fields = {name: plain(columns[at][n]) for at, name in enumerate(names)}
        found[fields["id"]] = (fields, geometry[n])
    return meta, found


def newest():
    client = Client("GDAL (pyogrio %s)" % pyogrio.__version__, ".".join(map(str, pyogrio.__gdal_version__)))
    systems = {
        "http://www.opengis.net/def/crs/EPSG/0/4490": ("EPSG:4490", DEGREES),
        "http://www.opengis.net/def/crs/EPSG/0/4527": ("EPSG:4527", METRES),
        "http://www.opengis.net/def/crs/EPSG/0/3857": ("EPSG:3857", METRES),
    }
    for collection in truth.COLLECTIONS:
        rows = truth.rows(collection)
        if not rows:
            client.skipped(f"reads {collection}", "the sample data has no rows of it")
            continue
        kinds = kinds_of(collection, rows, PAGE)
        with client.check(f"reads {collection}") as notes:
            info = pyogrio.read_info(f"OAPIF:{BASE}", layer=collection, USERPWD=f"key:{KEY}", PAGE_SIZE=PAGE, INITIAL_REQUEST_PAGE_SIZE=PAGE, force_feature_count=True)
            assert info["features"] == len(rows), f"{info['features']} features are announced, {len(rows)} there"
            types = dict(zip(info["fields"], zip(info["ogr_types"], info["ogr_subtypes"])))
            wrong = {name: types.get(name) for name in kinds if types.get(name) not in KINDS[kinds[name]]}
            assert not wrong, f"types {wrong}"
            assert set(types) == {"id"} | set(kinds), f"fields {sorted(types)}"
            meta, found = pyogrio_rows(collection)
            assert meta["crs"] == "EPSG:4490", f"the coordinates are said to be in {meta['crs']}"
            for fields, _ in found.values():
                for name, kind in kinds.items():
                    if kind == "bool" and fields[name] is not None:
                        fields[name] = bool(fields[name])
            compare(collection, rows, kinds, found, DEGREES)
            notes.append(f"{len(found)} features, {len(kinds)} fields")
    for crs, (name, tolerance) in systems.items():
        project = None if name == "EPSG:4490" else pyproj.Transformer.from_crs("EPSG:4490", name, always_xy=True)
        for collection in ["farmland", "sampling-points"]:
            with client.check(f"reads {collection} in {name}") as notes:
                rows = truth.rows(collection)
                meta, found = pyogrio_rows(collection, CRS=crs)
                assert meta["crs"] == name, f"the coordinates are said to be in {meta['crs']}"
                compare(collection, rows, {}, found, tolerance, project)
                first = shapely.get_coordinates(shapely.from_wkb(next(g for _, g in found.values() if g)))[0]
                notes.append(f"{len(found)} features, the first at {first[0]:.3f}, {first[1]:.3f}")
    with client.check("filters by a box in another system") as notes:
        box = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:3857", always_xy=True).transform_bounds(113, 39, 114, 40)
        _, found = pyogrio_rows("farmland", CRS="http://www.opengis.net/def/crs/EPSG/0/3857", bbox=box)
        there = truth.ask("select id from farmland_unit where ended_on is null and st_intersects(geom, st_makeenvelope(113, 39, 114, 40, 4490))")
        assert found and set(found) == {row["id"] for row in there}, f"{len(found)} features, {len(there)} rows"
        notes.append(f"{len(found)} features")
    for condition, sql, pushed in CONDITIONS:
        with client.check(f"filters by {condition}") as notes:
            asked()
            _, found = pyogrio_rows("farmland", where=condition)
            there = truth.ask(f"select id from farmland_unit where ended_on is null and ({sql or condition})")
            assert set(found) == {row["id"] for row in there}, f"{len(found)} features, {len(there)} rows"
            notes.append(left_to_the_server(len(found), pushed))


debian()
newest()
