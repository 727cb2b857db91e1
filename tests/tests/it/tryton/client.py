"""A client of Tryton's own API: logs in, calls, and logs in again when its session or the server is gone."""

import base64
import gzip
import json
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """Tryton said no: the kind, and its words."""


class Client:
    def __init__(self, url, user, password):
        self.url, self.user, self.password = url, user, password
        self.headers = {}
        self.company = None

    def post(self, method, params):
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip", **self.headers}
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as answer:
            raw = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
        said = json.loads(raw)
        if "error" in said:
            raise Refused(said["error"])
        return said["result"]

    def login(self):
        self.headers = {}
        session = self.post("common.db.login", [self.user, {"password": self.password}, None])
        token = base64.b64encode(f"{self.user}:{session[0]}:{session[1]}".encode()).decode()
        self.headers = {"Authorization": f"Session {token}"}

    def __call__(self, method, *params, **context):
        if self.company:
            context["company"] = self.company
        return self.post(method, [*params, context])


def decimal(text):
    return {"__class__": "Decimal", "decimal": text}


def today():
    now = time.gmtime()
    return {"__class__": "date", "year": now.tm_year, "month": now.tm_mon, "day": now.tm_mday}
