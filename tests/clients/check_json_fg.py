"""JSON-FG: every collection, in every kind of reference system, against a schema written from the standard's text and, where
the folder JSON_FG_SCHEMAS has OGC's own (https://schemas.opengis.net/json-fg), against those."""

import importlib.metadata
import json
import os
import pathlib
import urllib.parse
import urllib.request

import jsonschema_rs

import truth
from report import Client

BASE, KEY = os.environ["BASE"], json.loads(os.environ["KEYS"])["auditor"]
client = Client("jsonschema_rs", importlib.metadata.version("jsonschema_rs"))
HERE = pathlib.Path(__file__).resolve().parent
SYSTEMS = {
    "CRS84": "", "EPSG:4490": "http://www.opengis.net/def/crs/EPSG/0/4490", "EPSG:4527": "http://www.opengis.net/def/crs/EPSG/0/4527",
    "GCJ-02": "urn:jingtu:crs:gcj-02"}


def schemas():
    yield "the text", jsonschema_rs.validator_for(json.loads((HERE / "json_fg.schema.json").read_text()), validate_formats=True)
    folder = os.environ.get("JSON_FG_SCHEMAS")
    if not folder:
        return
    known = {(document := json.loads(path.read_text()))["$id"]: document for path in pathlib.Path(folder).glob("*.json")}
    root = next(document for name, document in known.items() if name.endswith("/jsonfg-root-object.json"))
    registry = jsonschema_rs.Registry(list(known.items()))
    yield "OGC's schemas", jsonschema_rs.validator_for(root, registry=registry, validate_formats=True)


def get(path, **parameters):
    query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value})
    request = urllib.request.Request(f"{BASE}/collections/{path}?{query}", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request) as answer:
        return answer.headers.get_content_type(), json.load(answer)


validators = dict(schemas())
for collection in truth.COLLECTIONS:
    for name, crs in SYSTEMS.items():
        with client.check(f"{collection} in {name}") as notes:
            media_type, page = get(f"{collection}/items", f="jsonfg", limit=1000, crs=crs)
            assert media_type == "application/vnd.ogc.fg+json", media_type
            documents = [page, get(f"{collection}/items", profile="jsonfg", limit=10, crs=crs, **{"zoom-level": 6})[1],
                         get(f"{collection}/items", f="jsonfg", limit=10, crs=crs, skipGeometry="true")[1]]
            documents += [get(f"{collection}/items/{feature['id']}", f="jsonfg", crs=crs)[1] for feature in page["features"][:3]]
            for told, validator in validators.items():
                for document in documents:
                    wrong = [f"{told}: {error.message} at {error.instance_path}" for error in validator.iter_errors(document)]
                    assert not wrong, wrong[0]
            notes.append(f"{len(page['features'])} features, {', '.join(validators)}")
with client.check("a schema that takes anything would show nothing"):
    _, page = get("divisions/items", f="jsonfg", limit=3)
    feature = next(feature for feature in page["features"] if feature["geometry"])
    for told, validator in validators.items():
        for broken in [page | {"conformsTo": []}, {name: page[name] for name in page if name != "conformsTo"},
                       page | {"features": [feature | {"time": {"date": "22 November"}}]},
                       page | {"features": [feature | {"geometry": {"type": "Point", "coordinates": ["x", 1]}}]},
                       page | {"coordRefSys": 4490}]:
            assert not validator.is_valid(broken), told
