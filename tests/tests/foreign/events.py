"""Reads public events as anybody may: with nats-py from a region's servers, and by the contract that the API publishes.

events.py SERVER USER PASSWORD SUBJECT API TOKEN SECONDS

Prints `listening` when the server has the subscription, then a line of JSON an event, until nothing came for so many seconds.
Ends with an error where an event is not what its contract says.
"""

import asyncio
import json
import sys
import urllib.request

import jsonschema
import nats

SERVER, USER, PASSWORD, SUBJECT, API, TOKEN, SECONDS = sys.argv[1:]
CONTRACTS = {}


def contract(path):
    """The schema of an event's data, by the path that the event itself names."""
    if path not in CONTRACTS:
        request = urllib.request.Request(API + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            CONTRACTS[path] = json.load(answer)
    return CONTRACTS[path]


def read(message):
    event = json.loads(message.data)
    assert event["specversion"] == "1.0" and event["datacontenttype"] == "application/json", event
    assert event["dataschema"].endswith(event["type"].removeprefix("takt.")), event
    schema = contract(event["dataschema"])
    jsonschema.validate(event["data"], schema, jsonschema.Draft202012Validator)
    unknown = set(event["data"]) - set(schema["properties"])
    assert not unknown, f"{event['type']} says {unknown}, which its contract does not name"
    return {"id": event["id"], "type": event["type"], "entity": event["subject"], "subject": message.subject}


async def main():
    client = await nats.connect(SERVER, user=USER, password=PASSWORD)
    heard = await client.subscribe(SUBJECT)
    await client.flush()
    print("listening", flush=True)
    loop = asyncio.get_running_loop()
    while True:
        try:
            message = await heard.next_msg(timeout=float(SECONDS))
        except nats.errors.TimeoutError:
            break
        # The contract is asked for in a thread: the servers wait for no answer of ours meanwhile.
        print(json.dumps(await loop.run_in_executor(None, read, message)), flush=True)
    await client.close()


asyncio.run(main())
