"""What the collections hold, read from the database without the server. Written down apart from the server's own
declarations, so that both must say the same."""

import csv
import io
import os
import subprocess
import sys

csv.field_size_limit(sys.maxsize)

SITE = {
    "code": "text", "national_code": "text", "name": "text", "stage": "text", "stage_since": "date",
    "division_code": "text", "area_m2": "number", "former_industry": "text", "land_user": "text", "invented": "bool",
}
CONTROLLED = SITE | {"mode": "text", "risk_grade": "text", "published_at": "text"}
SITE_SQL = {"land_user": "land_user_name", "mode": "control_mode"}


def published(in_list):
    return SITE_SQL | {"published_at": f"(select url from publicity_address('site', t.id, '{in_list}', null, null))"}


# Collection: table, rows, fields by name, SQL of fields whose column has another name.
COLLECTIONS = {
    "divisions": ("division", "true", {
        "code": "text", "name_zh": "text", "name_en": "text", "level": "text", "kind": "text", "parent_code": "text",
        "valid_from": "date", "valid_to": "date"}, {}),
    "farmland": ("farmland_unit", "ended_on is null", {
        "code": "text", "class": "text", "land_type": "text", "division_code": "text", "area_m2": "number",
        "area_mu": "number", "crop": "text", "pbf": "bool", "township": "text", "village": "text"},
        {"area_mu": "area_m2 * 15 / 10000"}),
    "crop-ban-zones": ("farmland_measure", "kind = 'crop_ban_zone' and geom is not null and effective_on is not null", {
        "number": "text", "title": "text", "division_code": "text", "products": "text", "approved_by": "text",
        "approved_on": "date", "approval_number": "text", "from_on": "date", "to_on": "date", "ended_on": "date",
        "area_m2": "number"}, {"products": "array_to_string(products, '、')"}),
    "control-zones": ("control_zone", "true", {
        "code": "text", "name": "text", "division_code": "text", "site_code": "text", "undeveloped": "bool",
        "approved_by": "text", "approved_on": "date", "document_number": "text", "ended_on": "date",
        "area_m2": "number"}, {}),
    "key-units": ("key_unit", "true", {
        "code": "text", "name": "text", "credit_code": "text", "division_code": "text", "industry": "text",
        "listed_on": "date", "removed_on": "date", "area_m2": "number"}, {}),
    "suspected-sites": ("site", "on_suspected_list", SITE | {"suspected_on": "date"}, SITE_SQL),
    "contaminated-sites": ("site", "in_directory", CONTROLLED | {"on_control_list": "bool", "contaminated_on": "date"},
        published("contaminated_directory")),
    "control-list": ("site", "on_control_list", CONTROLLED | {"control_listed_on": "date"}, published("control_list")),
    "sampling-points": ("sampling_point", "true", {
        "code": "text", "name": "text", "program": "text", "division_code": "text", "land_type": "text",
        "land_use_system": "text", "land_use_code": "text", "township": "text", "village": "text",
        "in_use_from": "date", "in_use_to": "date"}, {}),
}


def ask(sql):
    """Rows of a statement, as texts; NULL is None."""
    run = subprocess.run(
        [os.environ.get("PSQL", "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", os.environ["PG_SOCKETS"],
         "-U", os.environ["PG_USER"], "-d", os.environ["PG_DATABASE"],
         "-c", f"copy ({sql}) to stdout (format csv, header, null '\\N')"],
        check=True, capture_output=True, text=True)
    rows = csv.DictReader(io.StringIO(run.stdout))
    return [{name: None if value == "\\N" else value for name, value in row.items()} for row in rows]


def value(kind, text):
    if text is None:
        return None
    return {"number": float, "integer": int, "bool": lambda t: t == "true"}.get(kind, str)(text)


def references():
    """Every reference layer as a collection: what all of them have, then what its files had, as they had it."""
    own = {"code": "text", "name": "text", "ended_on": "date"}
    kinds = {"boolean": "bool", "day": "date"}
    columns = ask("select layer_id, key, name, kind from reference_column where in_use order by place")
    found = {}
    for layer in ask("select id, name from reference_layer order by name"):
        of_files = [column for column in columns if column["layer_id"] == layer["id"]]
        fields = own | {column["name"]: kinds.get(column["kind"], column["kind"]) for column in of_files}
        sql = {column["name"]: "t.attributes ->> '{}'".format(column["key"].replace("'", "''")) for column in of_files}
        found["ref-" + layer["name"]] = ("reference_feature", f"t.layer_id = '{layer['id']}'", fields, sql)
    return found


COLLECTIONS |= references()


def rows(collection):
    """The rows of a collection by id: fields as Python has them, `geometry` as WKB."""
    table, where, fields, sql = COLLECTIONS[collection]
    casts = {"number": "float8", "integer": "bigint"}
    columns = ", ".join(f"({sql.get(name, f't.{name}')})::{casts.get(kind, 'text')} as \"{name}\""
                        for name, kind in fields.items())
    found = ask(f"select t.id, encode(st_asbinary(t.geom), 'hex') as geometry__, {columns} from {table} as t where {where}")
    return {row["id"]: {name: value(kind, row[name]) for name, kind in fields.items()}
            | {"geometry": bytes.fromhex(row["geometry__"]) if row["geometry__"] else None} for row in found}
