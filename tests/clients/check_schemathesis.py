"""schemathesis over every operation: nothing breaks, and nothing is answered that the document does not say. It writes what
it likes: no other check may come after it."""

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
HOOKS = pathlib.Path(__file__).with_name("schemathesis_hooks.py")
LAYERS, REST = "^/ogc", "^/(?!ogc)"
# Who asks what, how, and how often an operation. Of those who write, so many that every permission is somebody's.
EVERYTHING, SOME = "examples,coverage,fuzzing", "examples,fuzzing"
RUNS = [
    ("auditor", LAYERS, EVERYTHING, 25),
    (None, LAYERS, EVERYTHING, 25),
    (None, REST, SOME, 2),
    ("auditor", REST, SOME, 8),
    ("prefecture_ecology", REST, SOME, 8),
    ("planning", REST, SOME, 4),
    ("agriculture", REST, SOME, 4),
    ("admin", REST, SOME, 4),
]
for role, paths, phases, examples in RUNS:
    name = f"schemathesis-{'layers' if paths == LAYERS else 'rest'}-{role or 'public'}"
    run = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--no-color", "run", ORIGIN + "/openapi.json",
         "--include-path-regex", paths, "--seed", "20261122", "--max-examples", str(examples),
         "--phases", phases, "--checks", ",".join(CHECKS), "--warnings", "off", "--continue-on-failure",
         "--no-shrink", "--generation-database", "none", "--request-timeout", "60",
         "--report", "junit", "--report-junit-path", str(ARTEFACTS / f"{name}.xml")]
        + (["-H", f"Authorization: Bearer {json.loads(os.environ['KEYS'])[role]}"] if role else []),
        capture_output=True, text=True, cwd=ARTEFACTS, env=os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)})
    (ARTEFACTS / f"{name}.txt").write_text(run.stdout + run.stderr)
    what = f"asks every operation {'under /ogc' if paths == LAYERS else 'but those under /ogc'}, as {role or 'the public'}"
    cases = re.search(r"^ +(\d+) generated", run.stdout, re.M)
    if run.returncode == 0 and cases:
        client.ok(what, f"{cases[1]} requests")
    else:
        client.failed(what, " ".join(line.strip() for line in run.stdout.splitlines() if "❌" in line) or run.stderr[-300:])
