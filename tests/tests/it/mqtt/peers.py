"""Peers of the tests of links over MQTT, which know nothing of Takt: a MES and an ERP by paho-mqtt, an edge node by pysparkplug."""

import json
import os
import sys
import time

import paho.mqtt.client as mqtt


def write(path, text):
    """As a controller keeps its memory: whole, or as it was before."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def publish(port, name, count, pause):
    """Tells of machines that went down: each with acknowledgement, every third of them twice."""
    client = mqtt.Client(client_id=name, clean_session=False)
    # What is published while there is no line goes out when there is one: only the broker says when it is done.
    wanted, done = set(), set()
    client.on_publish = lambda _client, _userdata, number: done.add(number)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", int(port), keepalive=5)
    client.loop_start()
    for at in range(int(count)):
        body = json.dumps({"machine": f"M-{at}", "key": f"{name}-{at}"})
        for _ in range(2 if at % 3 == 0 else 1):
            wanted.add(client.publish(f"plant/{name}/machines", body, qos=1).mid)
        time.sleep(float(pause))
    while not set(list(wanted)) <= done:
        time.sleep(0.1)
    client.disconnect()


def erp(port, orders, kept):
    """Releases orders, each told several times, and keeps what is posted to it by its reference."""
    posted = json.load(open(kept, encoding="utf-8")) if os.path.exists(kept) else {}

    def hear(client, _userdata, message):
        posting = json.loads(message.payload)
        posted.setdefault(posting["reference"], posting)
        write(kept, json.dumps(posted))

    def up(client, _userdata, _flags, code):
        assert code == 0, code
        client.subscribe("erp/postings", qos=1)
        for number in orders.split(","):
            client.publish("erp/orders", json.dumps({"number": number}), qos=1)

    client = mqtt.Client(client_id="erp", clean_session=False)
    client.on_connect, client.on_message = up, hear
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", int(port), keepalive=5)
    client.loop_forever(retry_first_connection=True)


def edge(port, memory, orders, each, pause):
    """A press with a counter that is full at 500, behind an edge node. Its controller remembers where it stood."""
    from pysparkplug import Client, ClientOptions, DataType, Device, EdgeNode, Metric

    orders, each = orders.split(","), int(each)
    state = {"count": 490, "at": -1, "made": {}}
    if os.path.exists(memory):
        state = json.load(open(memory, encoding="utf-8"))

    def metrics():
        now = int(time.time() * 1000)
        order = orders[state["at"]] if 0 <= state["at"] < len(orders) else ""
        return (
            Metric(timestamp=now, name="Order/Number", datatype=DataType.STRING, value=order),
            Metric(timestamp=now, name="Count/Good", datatype=DataType.UINT16, value=state["count"]),
            Metric(timestamp=now, name="Temperature", datatype=DataType.DOUBLE, value=20.0 + state["count"] % 7),
        )

    options = ClientOptions(reconnection_delay_min=1, reconnection_delay_max=1)
    # Every node has to say everything again when it is told to; the library leaves that to whoever uses it.
    births = {"wanted": False}
    told = lambda _node, _message: births.update(wanted=True)
    node = EdgeNode("nord", "line-1", (), client=Client(client_options=options), cmd_callback=told)
    device = Device("press-1", metrics())
    node.register(device)
    node.connect("127.0.0.1", port=int(port), keepalive=5)
    time.sleep(1.5)
    while True:
        if births["wanted"]:
            births["wanted"] = False
            device.update(metrics())
            node._client._client.on_connect(node._client._client, None, None, 0)
        order = orders[state["at"]] if 0 <= state["at"] < len(orders) else None
        over = order is None or state["made"].get(order, 0) >= each
        if over and state["at"] + 1 < len(orders):
            state["at"] += 1
        elif not over:
            state["count"] = (state["count"] + 1) % 500
            state["made"][order] = state["made"].get(order, 0) + 1
        write(memory, json.dumps(state))
        try:
            node.update_device("press-1", metrics())
        except Exception:  # The line is down: the machine goes on.
            pass
        time.sleep(0.5 if over else float(pause))


if __name__ == "__main__":
    {"publish": publish, "erp": erp, "edge": edge}[sys.argv[1]](*sys.argv[2:])
