"""schemathesis over the operations under /ogc: nothing breaks, and nothing is answered that the document does not say."""

import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys

from report import Client

ORIGIN, ARTEFACTS = os.environ["BASE"].removesuffix("/ogc"), pathlib.Path(os.environ["ARTEFACTS"])
client = Client("schemathesis", importlib.metadata.version("schemathesis"))
# Left out are those that ask whether every request that fits the document is taken, and no other: a filter in CQL2, a
# property of one collection, a system of PROJ are no more than texts there. README.md says more.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "allow_header_conformance"]
for role in ["auditor", None]:
    run = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--no-color", "run", ORIGIN + "/openapi.json",
         "--include-path-regex", "^/ogc", "--seed", "20261122", "--max-examples", "25", "--phases", "examples,coverage,fuzzing",
         "--checks", ",".join(CHECKS), "--warnings", "off", "--continue-on-failure", "--no-shrink", "--generation-database", "none",
         "--report", "junit", "--report-junit-path", str(ARTEFACTS / f"schemathesis-{role or 'public'}.xml")]
        + (["-H", f"Authorization: Bearer {json.loads(os.environ['KEYS'])[role]}"] if role else []),
        capture_output=True, text=True, cwd=ARTEFACTS)
    (ARTEFACTS / f"schemathesis-{role or 'public'}.txt").write_text(run.stdout + run.stderr)
    what = f"asks every operation under /ogc, as {role or 'the public'}"
    cases = re.search(r"^ +(\d+) generated", run.stdout, re.M)
    if run.returncode == 0 and cases:
        client.ok(what, f"{cases[1]} requests")
    else:
        client.failed(what, " ".join(line.strip() for line in run.stdout.splitlines() if "❌" in line) or run.stderr[-300:])
