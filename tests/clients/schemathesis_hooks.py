"""Loaded by schemathesis itself: how bodies of a kind that it does not know are written. A line of JSON is JSON."""

import schemathesis

for lines in ["application/x-ndjson", "application/geo+json-seq"]:
    schemathesis.serializer.alias(lines, "application/json")
