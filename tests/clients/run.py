#!/usr/bin/env python3
"""Holds the server against real clients: installs them under target/clients, starts `jingtu serve --demo` with data of its
own on a free port, runs every check, prints a line for each, leaves what they made in target/clients/artefacts.

    tests/clients/run.py [--binary PATH] [--only NAME[,NAME...]]

Leaves with 1 when a check failed. A client that cannot be installed is skipped, with the reason."""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parents[1] / "target" / "clients"
ARTEFACTS = OUT / "artefacts"
# QGIS and GDAL of Debian come by apt; the rest is pinned here.
PYTHON = {"main": "requirements.txt", "ogctests": "requirements-ogctests.txt"}
CHECKS = {  # name: what runs it, the script
    "ogctests": ("ogctests", "check_ogctests.py"),
    "gdal": ("main", "check_gdal.py"),
    "owslib": ("main", "check_owslib.py"),
    "features": ("node", "check_features.mjs"),
    "json_fg": ("main", "check_json_fg.py"),
    "tiles": ("node", "check_tiles.mjs"),
    "maps": ("node", "check_maps.mjs"),
    "qgis": ("system", "check_qgis.py"),
    "schemathesis": ("main", "check_schemathesis.py"),
}
# Checks that look at what their clients asked.
RECORDED = {"gdal", "qgis"}
# Files of other people that are reference layers here, where they are beside the project.
DATA = HERE.parents[2] / "shared" / "data"
REAL = {
    "npl": "epa_npl_points/epa_npl_2023.zip",
    "vietnam_areas": "fiboa_samples/convert/ai4sf/1_vietnam_areas.gpkg",
}
told = collections.Counter()


def tell(status, client, version, what, reason=""):
    told[status] += 1
    print(f"{status:8}{client} {version}: {what}" + (f" ({reason})" if reason else ""), flush=True)


def installed(folder, sources, install):
    """Runs `install` unless the folder was made of these sources; the reason why it cannot be."""
    mark = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text() == mark:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with open(ARTEFACTS / f"install-{folder.name}.txt", "w") as log:
        for command in install:
            try:
                failed = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False).returncode != 0
            except OSError as error:
                return str(error)
            if failed:
                return f"`{' '.join(map(str, command[:4]))} ...` failed, see {log.name}"
    stamp.write_text(mark)
    return None


def ready():
    """Interpreters by name, or why there is none."""
    found = {}
    for name, requirements in PYTHON.items():
        folder = OUT / f"python-{name}"
        why = installed(folder, [HERE / requirements], [
            [sys.executable, "-m", "venv", "."],
            [folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "-r", HERE / requirements]])
        found[name] = (folder / "bin" / "python", why)
    folder = OUT / "node"
    lock = [HERE / "package.json", HERE / "package-lock.json"]
    why = installed(folder, lock, [["cp", *lock, "."], ["npm", "ci", "--no-audit", "--no-fund", "--silent"]])
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    found["node"] = ("node", why)
    # The Python that Debian's QGIS belongs to.
    found["system"] = ("/usr/bin/python3", None if os.path.exists("/usr/bin/python3") else "there is no /usr/bin/python3")
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """`jingtu serve --demo` with data of its own."""

    def __init__(self, binary):
        self.port, self.data = free_port(), OUT / "data"
        shutil.rmtree(self.data, ignore_errors=True)
        self.log = ARTEFACTS / "server.txt"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([binary, "serve", "--demo", "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.data],
                                            stdout=log, stderr=log)
        self.origin = f"http://127.0.0.1:{self.port}"
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.origin + "/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        self.keys = dict(re.findall(r"^  ([a-z_]+) +\d{6}  (jt_\S+)", self.log.read_text(), re.M))
        if not self.keys:
            self.stop()
            sys.exit(f"the server did not start; see {self.log}")

    def take_in(self, binary):
        """Imports what other people made, as somebody at the machine does while the server runs."""
        for name, file in REAL.items():
            what = f"imports reference:{name}"
            if not (DATA / file).exists():
                tell("skipped", "jingtu", "-", what, f"there is no {DATA / file}")
                continue
            command = [binary, "import", f"reference:{name}", DATA / file, "--data-dir", self.data, "--json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            (ARTEFACTS / f"import-{name}.txt").write_text(done.stdout + done.stderr)
            tell("ok" if done.returncode == 0 else "FAILED", "jingtu", "-", what, " ".join(done.stdout.split())[:200])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.data, ignore_errors=True)


def psql():
    """The newest client of PostgreSQL there is."""
    on_path = shutil.which("psql")
    beside = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"), key=lambda path: int(path.parts[4]))
    return on_path or (str(beside[-1]) if beside else "psql")


def run(name, interpreter, script, server):
    environment = os.environ | {
        "BASE": server.origin + "/ogc", "KEYS": json.dumps(server.keys), "ARTEFACTS": str(ARTEFACTS), "PSQL": psql(),
        "PG_SOCKETS": str(server.data / "pg" / "run"), "PG_USER": "postgres", "PG_DATABASE": "jingtu", "no_proxy": "127.0.0.1"}
    # What a check may not go by.
    environment.pop("PYTHONPATH", None)
    recorder = None
    if name in RECORDED:
        port, log = free_port(), ARTEFACTS / f"{name}-requests.txt"
        log.write_text("")
        recorder = subprocess.Popen([sys.executable, HERE / "recorder.py", str(port), str(server.port), log])
        for _ in range(100):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        environment |= {"BASE": f"http://127.0.0.1:{port}/ogc", "REQUESTS": str(log)}
    path = OUT / "node" / script if script.endswith(".mjs") else HERE / script
    before = told.copy()
    with open(ARTEFACTS / f"{name}.txt", "w") as log:
        process = subprocess.Popen([interpreter, path], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        for line in process.stdout:
            fields = line.rstrip("\n").split("\t")
            if len(fields) == 5:
                tell(*fields)
            else:
                log.write(line)
        code = process.wait()
    if recorder:
        recorder.terminate()
        recorder.wait()
    if code != 0 or told == before:
        tell("FAILED", name, "-", "runs to its end", f"left with {code}; see {ARTEFACTS / f'{name}.txt'}")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--binary", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "jingtu"))
    options.add_argument("--only", help="of " + ", ".join(CHECKS))
    options = options.parse_args()
    wanted = options.only.split(",") if options.only else list(CHECKS)
    if unknown := set(wanted) - set(CHECKS):
        sys.exit(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    ARTEFACTS.mkdir(parents=True)
    began = time.monotonic()
    interpreters = ready()
    print(f"installed in {time.monotonic() - began:.0f} s", flush=True)
    server = Server(options.binary)
    try:
        server.take_in(options.binary)
        for name in wanted:
            by, script = CHECKS[name]
            interpreter, why = interpreters[by]
            if why:
                tell("skipped", name, "-", "everything", why)
            else:
                run(name, interpreter, script, server)
    finally:
        server.stop()
    print(", ".join(f"{n} {status}" for status, n in sorted(told.items())) + f", {time.monotonic() - began:.0f} s; {ARTEFACTS}")
    sys.exit(1 if told["FAILED"] else 0)


main()
