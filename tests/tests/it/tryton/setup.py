"""What stands in the ERP before anybody works there: a company, a product with its bill of material, and users."""

import sys

from client import Client, decimal

url, password = sys.argv[1:]
tryton = Client(url, "admin", password)
tryton.login()
currency = tryton("model.currency.currency.create", [
    {"name": "Euro", "code": "EUR", "symbol": "E", "numeric_code": "978", "rounding": decimal("0.01"), "digits": 2}])[0]
party = tryton("model.party.party.create", [{"name": "Works"}])[0]
tryton.company = company = tryton("model.company.company.create", [{"party": party, "currency": currency}])[0]
kilo, unit = (tryton("model.product.uom.search", [["symbol", "=", symbol]])[0] for symbol in ("kg", "u"))
products = {}
for code, uom, producible in (("STEEL", kilo, False), ("FG", unit, True)):
    template = tryton("model.product.template.create", [{
        "name": code, "code": code, "type": "goods", "default_uom": uom, "producible": producible, "list_price": decimal("5"),
        "products": [["create", [{}]]]}])[0]
    products[code] = tryton("model.product.product.search", [["template", "=", template]])[0]
bom = tryton("model.production.bom.create", [{
    "name": "FG", "inputs": [["create", [{"product": products["STEEL"], "quantity": 0.4, "unit": kilo}]]],
    "outputs": [["create", [{"product": products["FG"], "quantity": 1.0, "unit": unit}]]]}])[0]
tryton("model.product.product.write", [products["FG"]], {"boms": [["create", [{"bom": bom}]]]})
groups = tryton("model.res.group.search", [])
for name in ("takt", "person"):
    tryton("model.res.user.create", [{
        "name": name, "login": name, "password": f"{name}-{password}", "groups": [["add", groups]], "companies": [["add", [company]]],
        "company": company}])
