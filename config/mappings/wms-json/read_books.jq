# What the warehouse has of a handling unit: what lies on it, and what was picked from it, wherever that went. It counts in
# units; which unit that is stands in the tables, for all and for what is counted otherwise.
def request: { method: "GET", path: "/handling-units/\(.effect.about.unit | @uri)" };

def line($tables): { use: "produced", material: .item, lot: .lot, qty: "\(.units) \(($tables.item_unit // {})[.item] // $tables.unit.default)" };
def is_something: .units | tonumber != 0;

def outcome:
  .tables as $tables
  # It was never announced, or the announcement has not come.
  | if .status == 404 and .body.error == "unknown_handling_unit" then { read: { entries: [] } }
    elif .status == 200 then { read: { entries: [(.body.contents[], .body.picked[]?) | select(is_something) | line($tables)] } }
    elif .status == 503 or .status == 429 then { not_done: { why: "the warehouse is not available" } }
    else empty end;
