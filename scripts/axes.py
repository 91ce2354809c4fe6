#!/usr/bin/env python3
"""Makes src/standards/axes.csv: which plane reference systems there are, and the order and unit of their axes.

    python3 -m venv VENV && VENV/bin/pip install pyproj==3.8.0
    VENV/bin/python scripts/axes.py > src/standards/axes.csv

The order is asked of PROJ and not read from names: a point is turned into each system in the axes of its register, and again
as PostGIS gives positions (PROJ's form for drawing, easting or longitude first). YX says that the two are swapped.

A row stands for a run of codes without a gap that are alike, so a code in no row is none of PROJ's. Systems that are no
plane have a row as well, so that a refusal can say what they are; those with a height above the plane have an order. A
system of kind `formula` is registered, but PROJ has no formula for its projection.
"""

import csv
import sys

import pyproj
from pyproj import CRS, Transformer
from pyproj.database import get_database_metadata, query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import ProjError

VERSION = "3.8.0"
AUTHORITIES = ("EPSG", "ESRI", "OGC")
KINDS = {
    PJType.GEOGRAPHIC_2D_CRS: "plane",
    PJType.PROJECTED_CRS: "plane",
    PJType.GEOGRAPHIC_3D_CRS: "height",
    PJType.COMPOUND_CRS: "height",
    PJType.GEOCENTRIC_CRS: "geocentric",
    PJType.VERTICAL_CRS: "vertical",
    PJType.CRS: "local",  # of a site, tied to no ellipsoid
}
# Other words for the same unit, as far as numbers written in it go.
UNITS = {"degree minute second hemisphere": "degree", "Meter": "metre"}


def horizontal(crs):
    """The part of a system that lies in the plane, or on the ellipsoid."""
    return crs.sub_crs_list[0] if crs.is_compound else crs


def order(crs):
    """XY or YX; nothing for what has no horizontal axes. PROJ refuses methods for which it has no formula."""
    plane = horizontal(crs)
    axes = [axis for axis in plane.axis_info if axis.direction not in ("up", "down")]
    if len(axes) != 2:
        return ""
    if plane.is_geographic:
        return "YX" if axes[0].direction in ("north", "south") else "XY"
    base = plane.geodetic_crs
    latitude_first = base.axis_info[0].direction == "north"
    registered = Transformer.from_crs(base, plane)
    drawn = Transformer.from_crs(base, plane, always_xy=True)
    for lon, lat in places(plane.area_of_use):
        try:
            ours = registered.transform(*((lat, lon) if latitude_first else (lon, lat)), errcheck=True)
            theirs = drawn.transform(lon, lat, errcheck=True)
        except ProjError:
            continue
        straight, swapped = near(ours, theirs), near(ours, theirs[::-1])
        if straight != swapped:
            return "XY" if straight else "YX"
    raise SystemExit(f"{crs.to_authority()}: no place tells the order of the axes")


def places(area):
    """Places to try: one in the area of use, off its middle, so that the coordinates cannot be alike by symmetry; then some
    elsewhere, for systems that are registered without an area."""
    if area is not None and area.west >= -180:
        east = area.east + (360 if area.east < area.west else 0)
        lon = area.west + (east - area.west) * 0.4137
        yield (lon + 180) % 360 - 180, area.south + (area.north - area.south) * 0.6271
    for lon in (3.3, 33.3, 63.3, 93.3, 123.3, 153.3, -176.7, -146.7, -116.7, -86.7, -56.7, -26.7):
        yield lon, 21.7
        yield lon, -21.7


def near(a, b):
    """Whether two pairs are the same but for rounding."""
    return all(abs(x - y) <= 1e-6 + 1e-9 * abs(x) for x, y in zip(a, b))


def row(info):
    """Kind, order and unit of a system; nothing for a kind that is not in the table."""
    crs = CRS.from_authority(info.auth_name, info.code)
    kind = KINDS.get(info.type)
    if kind is None:
        return None
    if kind == "plane" and len(crs.axis_info) > 2:
        kind = "height"
    if kind in ("geocentric", "vertical", "local"):
        return (kind, "", "")
    try:
        axes = order(crs)
    except ProjError:
        return ("formula", "", "")
    if not axes:
        return ("vertical", "", "")
    units = {UNITS.get(axis.unit_name, axis.unit_name) for axis in horizontal(crs).axis_info[:2]}
    if len(units) != 1:
        raise SystemExit(f"{info.auth_name}:{info.code}: units {units}")
    return (kind, axes, units.pop())


def main():
    if pyproj.__version__ != VERSION:
        raise SystemExit(f"pyproj is {pyproj.__version__}; the table is made with {VERSION}")
    print(
        f"pyproj {pyproj.__version__}, PROJ {pyproj.proj_version_str},",
        f"EPSG {get_database_metadata('EPSG.VERSION')}, {get_database_metadata('ESRI.VERSION')}",
        file=sys.stderr,
    )
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["authority", "from", "to", "kind", "order", "unit"])
    for authority in AUTHORITIES:
        # A system with several areas of use is listed once for each.
        infos = {info.code: info for info in query_crs_info(auth_name=authority, allow_deprecated=True)}
        known = [(code, row(info)) for code, info in infos.items()]
        known = [(code, alike) for code, alike in known if alike is not None]
        numbered = sorted((int(code), alike) for code, alike in known if code.isdigit())
        named = sorted((code, alike) for code, alike in known if not code.isdigit())
        runs = []
        for code, alike in numbered:
            if runs and runs[-1][1] == code - 1 and runs[-1][2] == alike:
                runs[-1][1] = code
            else:
                runs.append([code, code, alike])
        runs += [[code, code, alike] for code, alike in named]
        for first, last, alike in runs:
            out.writerow([authority, first, last, *alike])


main()
