"""OWSLib: the entrance, collections, queryables, schema, items with its parameters, pages."""

import importlib.metadata
import json
import os

from owslib.ogcapi.features import Features

import truth
from report import Client

BASE, KEY = os.environ["BASE"], json.loads(os.environ["KEYS"])["auditor"]
client = Client("OWSLib", importlib.metadata.version("OWSLib"))
headers = {"Authorization": f"Bearer {KEY}", "Accept-Language": "en"}
# Before the other: what a client of OWSLib is told to send, all of them send from then on.
public = Features(BASE)
with client.check("lists what the public may see"):
    assert "contaminated-sites" in public.feature_collections() and "suspected-sites" not in public.feature_collections()
server = Features(BASE, headers=headers)

with client.check("finds the entrance and the conformance classes") as notes:
    assert server.links and server.conformance()["conformsTo"]
with client.check("finds the description of the API"):
    assert server.api()["paths"]
with client.check("lists every collection"):
    assert set(server.feature_collections()) == set(truth.COLLECTIONS), server.feature_collections()
for collection, (_, _, fields, _) in truth.COLLECTIONS.items():
    with client.check(f"describes {collection}"):
        assert server.collection(collection)["id"] == collection
        queryables = server.collection_queryables(collection)
        assert set(queryables["properties"]) - {"geometry", "id"} == set(fields), sorted(queryables["properties"])
        assert set(fields) <= set(server.collection_schema(collection)["properties"])
    with client.check(f"reads {collection} page by page") as notes:
        ids, offset = [], 0
        while True:
            page = server.collection_items(collection, limit=700, offset=offset)
            ids += [feature["id"] for feature in page["features"]]
            offset += len(page["features"])
            if not any(link["rel"] == "next" for link in page["links"]):
                break
        rows = truth.rows(collection)
        assert len(ids) == len(set(ids)) and set(ids) == set(rows), f"{len(ids)} features, {len(rows)} rows"
        notes.append(f"{len(ids)} features")
        if ids:
            assert server.collection_item(collection, ids[0])["id"] == ids[0]
with client.check("filters, sorts and asks by a box"):
    found = server.collection_items("farmland", limit=10000, filter="class = 'strict_control' AND area_m2 > 20000",
                                    bbox=[113, 39, 114, 40], sortby=("area_m2", "desc"))["features"]
    areas = [feature["properties"]["area_m2"] for feature in found]
    there = truth.ask("select area_m2 from farmland_unit where ended_on is null and class = 'strict_control' and area_m2 > 20000 "
                      "and geom && st_makeenvelope(113, 39, 114, 40, 4490)")
    assert areas and areas == sorted(areas, reverse=True) and len(areas) == len(there), f"{len(areas)}, {len(there)}"
with client.check("is told what is wrong with a request"):
    try:
        server.collection_items("farmland", filter="no_such = 1")
    except RuntimeError as error:
        assert "bad_filter" in str(error), error
    else:
        raise AssertionError("a filter over no property was taken")
