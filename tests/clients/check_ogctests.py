"""ogctests, the port of OGC's abstract tests, against what the public sees. Its tests that ask for something else than the
standard are listed with the reason; README.md quotes the clauses."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import ogctests

from report import Client

BASE, ARTEFACTS = os.environ["BASE"], pathlib.Path(os.environ["ARTEFACTS"])
client = Client("ogctests", importlib.metadata.version("ogctests"))

# It cannot be answered so that these are content. README.md says why, one by one.
KNOWN = {
    "test_ast22": "holds that no feature is without geometry; RFC 7946, 3.2 lets it be null",
    "test_ast28": "holds that no feature is without geometry; RFC 7946, 3.2 lets it be null",
    "test_ct2": "looks for a rel in quotes among rels without; RFC 8288, 3 wants a URI in quotes",
    "test_ct3": "asks for the address that test_ct2 did not find",
    "test_ct5": "uses what test_ct3 did not find",
    "test_ct7": "uses what test_ct3 did not find",
    "test_ct8": "uses what test_ct3 did not find",
    "test_ct9": "uses what test_ct3 did not find",
    "test_ct10": "uses what test_ct3 did not find",
}

for scope in ["features/core", "features/filtering"]:
    folder = pathlib.Path(ogctests.__file__).parent / scope
    report = ARTEFACTS / f"ogctests-{folder.name}.xml"
    # What `python -m ogctests` runs, with its report where we want it.
    subprocess.run([sys.executable, "-m", "pytest", str(folder), f"--junit-xml={report}", "-q", "-p", "no:cacheprovider"],
                   env=os.environ | {"INSTANCE_URL": BASE}, stdout=sys.stderr, check=False)
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name")
        what = f"{scope} {name}"
        trouble = [child for child in case if child.tag in ("failure", "error")]
        if trouble:
            message = trouble[0].get("message", "").splitlines()[0][:200]
            if name in KNOWN:
                client.known(what, KNOWN[name])
            else:
                client.failed(what, message)
        elif name in KNOWN:
            client.failed(what, "succeeds by now: take it off the list of known ones")
        elif case.find("skipped") is not None:
            client.skipped(what, case.find("skipped").get("message", ""))
        else:
            client.ok(what)
