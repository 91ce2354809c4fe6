"""What a check says: a line each, `status TAB client TAB version TAB what TAB reason`, read by run.py."""

import sys
import traceback
from contextlib import contextmanager


def say(status, client, version, what, reason=""):
    fields = [status, client, version, what, " ".join(str(reason).split())[:400]]
    print("\t".join(fields), flush=True)


class Client:
    """A client under whose name checks are told."""

    def __init__(self, name, version):
        self.name, self.version = name, version

    def ok(self, what, reason=""):
        say("ok", self.name, self.version, what, reason)

    def failed(self, what, reason):
        say("FAILED", self.name, self.version, what, reason)

    def known(self, what, reason):
        say("known", self.name, self.version, what, reason)

    def skipped(self, what, reason):
        say("skipped", self.name, self.version, what, reason)

    @contextmanager
    def check(self, what):
        """A check that fails when what is inside does; a text left in `note` is told with it."""
        notes = []
        try:
            yield notes
        except Exception as error:  # the point of a check is to tell whatever went wrong
            traceback.print_exc(file=sys.stderr)
            self.failed(what, f"{type(error).__name__}: {error}")
        else:
            self.ok(what, "; ".join(notes))
