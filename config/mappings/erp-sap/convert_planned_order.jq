# Makes a production order of a planned one, once, and releases it. The ERP has no dedup, so it is searched by the planned
# order's number before anything is created; an order that was made but not released by an attempt that broke off is released.
def service: "/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV";
def search: { method: "GET", path: "\(service)/A_ProductionOrder_2", query: { "$filter": "PlannedOrder eq '\(.effect.planned_order)'" } };
def day: "\(.[0:10])T00:00:00";

def create:
  .tables as $t | .effect as $e
  | { method: "POST", path: "\(service)/A_ProductionOrder_2",
      body: { Material: $e.material, ProductionPlant: ($t.plant[$e.plant] // $e.plant), PlannedOrder: $e.planned_order,
              TotalQuantity: ($e.total | split(" ")[0]), ProductionUnit: ($e.total | split(" ")[1] | $t.unit[.] // .),
              ProductionVersion: $e.recipe, MfgOrderPlannedStartDate: ($e.start | day), MfgOrderPlannedEndDate: ($e.end | day) } };

# The order, from the search or from its creation.
def order: [.answers[]? | .body.d? | (.results[0]? // select(.ManufacturingOrder?))] | last;
# A search that was answered lists what it found, if only nothing.
def searched: (try .answers[0].body.d.results catch null) | type == "array";
def release: { method: "POST", path: "\(service)/ReleaseOrder", query: { ManufacturingOrder: "'\(order.ManufacturingOrder)'" } };
def refused: { rejected: { code: ((try .body.error.code catch null) // "HTTP \(.status)"), text: ((try .body.error.message.value catch null) // "") } };

def request:
  (.answers | length) as $done
  | if $done == 0 then search + { then: true }
    elif .status >= 300 or (searched | not) then empty
    elif order == null then create + { then: true }
    elif order.OrderIsReleased == "X" then empty
    else release end;

def outcome:
  if .status >= 200 and .status < 300 and order != null then { accepted: { alias: { system: .site, kind: "order", id: order.ManufacturingOrder } } }
  elif ((try .body.error.code catch null) // null) == "CO/469" or .status == 423 then { not_done: { why: "the order is open at somebody's desk" } }
  elif .status == 400 or .status == 404 then refused
  else empty end;

def probe: search;

def probed:
  if .status == 200 and searched then
    if order != null and order.OrderIsReleased == "X" then
      { found: { alias: { system: .site, kind: "order", id: order.ManufacturingOrder } } }
    else "absent" end
  else empty end;
