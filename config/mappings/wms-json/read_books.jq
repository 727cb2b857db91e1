# What the warehouse has of a handling unit: what lies on it, and what was picked from it, wherever that went. It counts in
# units; what unit that is stands in the table.
def request: { method: "GET", path: "/handling-units/\(.effect.about.unit | @uri)" };

def line($uom): { use: "produced", material: .item, lot: .lot, qty: "\(.units) \($uom)" };
def is_something: .units | tonumber != 0;

def outcome:
  .tables.unit.default as $uom
  # It was never announced, or the announcement has not come.
  | if .status == 404 and .body.error == "unknown_handling_unit" then { read: { entries: [] } }
    elif .status == 200 then { read: { entries: [(.body.contents[], .body.picked[]?) | select(is_something) | line($uom)] } }
    elif .status == 503 or .status == 429 then { not_done: { why: "the warehouse is not available" } }
    else empty end;
