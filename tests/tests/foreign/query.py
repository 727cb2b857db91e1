"""Asks for orders with a gRPC client of another make, from nothing but the published proto files.

query.py PROTO-FOLDER ROOM TOKEN HOST:PORT… -- ORDER…

Prints a JSON object: for each node, for each order, the answer.
"""

import json
import pathlib
import sys

import grpc
from google.protobuf import json_format
from grpc_tools import protoc

PROTO, ROOM, TOKEN, *REST = sys.argv[1:]
NODES, ORDERS = REST[: REST.index("--")], REST[REST.index("--") + 1 :]

files = sorted(str(file) for file in pathlib.Path(PROTO).rglob("*.proto"))
google = str(pathlib.Path(protoc.__file__).parent / "_proto")
assert protoc.main(["protoc", f"-I{PROTO}", f"-I{google}", f"--python_out={ROOM}", f"--grpc_python_out={ROOM}", *files]) == 0
sys.path.insert(0, ROOM)

from takt.v1 import queries_pb2, queries_pb2_grpc  # noqa: E402

answers = {}
for node in NODES:
    with grpc.insecure_channel(node) as channel:
        queries = queries_pb2_grpc.QueriesStub(channel)
        for order in ORDERS:
            told = queries.ShowOrder(queries_pb2.Which(id=order), metadata=[("authorization", f"Bearer {TOKEN}")], timeout=20)
            answers.setdefault(node, {})[order] = json_format.MessageToDict(told)
print(json.dumps(answers))
