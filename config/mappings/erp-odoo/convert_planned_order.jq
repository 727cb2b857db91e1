# Makes a manufacturing order of a planned one, once, and confirms it. This ERP knows no reference twice: it is searched by
# `origin` before anything is created, and read back at the end, because it says yes to everything.
def search: { method: "GET", path: "/api/manufacturing_order", query: { domain: ([["origin", "=", .effect.planned_order]] | tojson), order: "id" } };
# Its times are UTC, and its texts do not say so.
def utc: fromdate | floor | todate | .[0:19] | sub("T"; " ");

def create:
  .tables as $t | .effect as $e
  | { method: "POST", path: "/api/manufacturing_order",
      body: { values: { product_id: $e.material, warehouse_id: ($t.plant[$e.plant] // $e.plant), origin: $e.planned_order,
                        product_qty: ($e.total | split(" ")[0] | tonumber), product_uom: ($e.total | split(" ")[1] | $t.unit[.] // .),
                        bom_version: $e.recipe, date_start: ($e.start | utc), date_finished: ($e.end | utc) } } };

# A given up order is no conversion; of two, the first one counts.
def found: [.answers[]? | select(.status == 200) | .body.records?] | map(arrays) | last // [] | map(select(.state != "cancel")) | .[0];
def made: [.answers[]? | .body.result? | numbers] | last;
def released: . != null and .state != "draft";

# What it refused, wherever it did.
def faults: [.answers[]? | .body.error? | objects | .data];
def busy: .name == "psycopg2.errors.SerializationFailure";
def gone: .name == "exceptions.MissingError";

def request:
  (.answers | length) as $done | found as $order | made as $id
  | if $done == 0 then search + { then: true }
    elif .status != 200 or (faults | length) > 0 then empty
    elif $order == null and $id == null and $done == 1 then create + { then: true }
    elif ($order | released) or $done > 3 then empty
    # Created or confirmed just now: whether it is so, only the record tells.
    elif .body.result == true then search
    else { method: "POST", path: "/api/manufacturing_order/\($order.id // $id)/action_confirm", body: { args: {} }, then: true } end;

def named: { alias: { system: .site, kind: "order", id: found.name } };

def outcome:
  faults as $faults
  | if .status == 200 and (found | released) then { accepted: named }
    elif ($faults | any(busy)) then { not_done: { why: "somebody else writes the order" } }
    elif ($faults | any(gone)) or (.status == 200 and ($faults | length) == 0) then { not_done: { why: "the ERP said yes and did nothing" } }
    elif ($faults | length) > 0 then { rejected: { code: $faults[0].name, text: $faults[0].message } }
    elif .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    else empty end;

def probe: search;

def probed:
  if .status != 200 or ((try .body.records catch null) | type) != "array" then empty
  elif found | released then { found: named }
  else "absent" end;
