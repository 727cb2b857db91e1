"""People at work in the ERP while Takt is: two who plan and release orders, two who write into orders that run. Until the input ends;
then what they did is told."""

import json
import random
import sys
import threading
import time
import urllib.error

from client import Client, Refused, decimal, today

url, password = sys.argv[1:]
over = threading.Event()
count = {"released": 0, "written": 0, "overtaken": 0, "unheard": 0}
lock = threading.Lock()


def did(what):
    with lock:
        count[what] += 1


def known(tryton):
    def one(model, *domain):
        return tryton(f"model.{model}.search", list(domain))[0]
    tryton.company = one("company.company")
    return {
        "company": tryton.company, "currency": one("currency.currency"), "bom": one("production.bom"),
        "FG": one("product.product", ["code", "=", "FG"]), "STEEL": one("product.product", ["code", "=", "STEEL"]),
        "kg": one("product.uom", ["symbol", "=", "kg"]), "u": one("product.uom", ["symbol", "=", "u"]),
        "warehouse": one("stock.location", ["type", "=", "warehouse"]), "production": one("stock.location", ["type", "=", "production"]),
        "store": one("stock.location", ["code", "=", "STO"])}


def plan(tryton, ids):
    """An order as the client of a person makes it: with what is planned to go in and out."""
    def move(product, unit, quantity, way, **more):
        return {"product": ids[product], "unit": ids[unit], "quantity": quantity, "company": ids["company"],
                "from_location": ids[way[0]], "to_location": ids[way[1]], **more}
    order = tryton("model.production.create", [{
        "product": ids["FG"], "bom": ids["bom"], "unit": ids["u"], "quantity": 10.0, "warehouse": ids["warehouse"],
        "location": ids["production"], "company": ids["company"], "planned_start_date": today(), "planned_date": today(),
        "inputs": [["create", [move("STEEL", "kg", 4.0, ("store", "production"))]]],
        "outputs": [["create", [move("FG", "u", 10.0, ("production", "store"), unit_price=decimal("0"), currency=ids["currency"])]]]}])
    tryton("model.production.wait", order)
    did("released")


def write(tryton, _ids):
    """Writes into an order that runs, as it was read; whoever wrote before is told."""
    running = tryton("model.production.search_read", [["state", "=", "waiting"]], 0, 20, [["id", "DESC"]], ["_timestamp"])
    if not running:
        return
    order = random.choice(running)
    tryton("model.production.write", [order["id"]], {"effective_start_date": today()},
           _timestamp={f"production,{order['id']}": order["_timestamp"]})
    did("written")


def work(what, pause):
    tryton, ids = Client(url, "person", f"person-{password}"), None
    while not over.wait(pause):
        try:
            if ids is None:
                tryton.login()
                ids = known(tryton)
            what(tryton, ids)
        except Refused as refused:
            if refused.args[0][0] != "ConcurrencyException":
                raise
            did("overtaken")
        except (OSError, urllib.error.URLError, ValueError):
            # The server is gone, or forgot who we are.
            ids = None
            did("unheard")
            time.sleep(0.5)


def guarded(what, pause):
    try:
        work(what, pause)
    except BaseException as error:
        print(json.dumps({"failed": f"{what.__name__}: {error!r}"}), flush=True)
        raise


threads = [threading.Thread(target=guarded, args=words) for words in ((plan, 2.0), (plan, 3.0), (write, 0.8), (write, 1.1))]
for thread in threads:
    thread.start()
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
print(json.dumps(count), flush=True)
