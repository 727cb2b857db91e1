# Changes an order of the ERP's: quantity, dates, a component, its version, its status. The order is read first: what is so
# already is not asked for again, which makes a lost reply harmless.
def service: "/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV";
def number: .effect.erp_order;
def change: .effect.change;
def day: "\(.[0:10])T00:00:00";
def same_day($theirs): (.[0:10] | strptime("%Y-%m-%d") | mktime) == ($theirs | capture("(?<ms>-?[0-9]+)").ms | tonumber / 1000);

def reading:
  { method: "GET", path: "\(service)/A_ProductionOrder_2('\(number)')", query: { "$expand": "to_ProductionOrderComponent" } };

# What the ERP does for a change of status, and the flag that shows it.
def status:
  { cancel: ["CancelOrder", "OrderIsMarkedForDeletion"], technically_complete: ["TechnicallyCompleteOrder", "OrderIsTechnicallyCompleted"],
    close: ["CloseOrder", "OrderIsClosed"], reopen: ["ReopenOrder", "OrderIsReleased"] }[.];

def is_so($order):
  change as $c
  | if $c | type == "string" then
      $order[$c | status[1]] == "X" and ($c != "reopen" or $order.OrderIsTechnicallyCompleted != "X")
    elif $c.quantity then ($order.TotalQuantity | tonumber) == ($c.quantity.total | split(" ")[0] | tonumber)
    elif $c.dates then
      ($order.MfgOrderPlannedStartDate as $d | $c.dates.start | same_day($d)) and ($order.MfgOrderPlannedEndDate as $d | $c.dates.end | same_day($d))
    elif $c.recipe then $order.ProductionVersion == $c.recipe.version
    else [$order.to_ProductionOrderComponent.results[] | select(.ReservationItem == $c.component.item) | .Material] == [$c.component.material] end;

def patch($path; $body): { method: "PATCH", path: $path, headers: { "If-Match": "*" }, body: $body };

def asking:
  number as $number | change as $c | "\(service)/A_ProductionOrder_2('\($number)')" as $order
  | if $c | type == "string" then { method: "POST", path: "\(service)/\($c | status[0])", query: { ManufacturingOrder: "'\($number)'" } }
    elif $c.quantity then patch($order; { TotalQuantity: ($c.quantity.total | split(" ")[0]) })
    elif $c.dates then patch($order; { MfgOrderPlannedStartDate: ($c.dates.start | day), MfgOrderPlannedEndDate: ($c.dates.end | day) })
    elif $c.recipe then patch($order; { ProductionVersion: $c.recipe.version })
    else patch("\(service)/A_ProductionOrderComponent_4(ManufacturingOrder='\($number)',ReservationItem='\($c.component.item)')";
               { Material: $c.component.material }) end;

def request:
  if (.answers | length) == 0 then reading + { then: true }
  elif .status >= 300 then empty
  elif is_so(.body.d) then empty
  else asking end;

def outcome:
  if (.answers | length) == 1 and .status == 200 then { accepted: {} }
  elif .status >= 200 and .status < 300 then { accepted: {} }
  elif ((try .body.error.code catch null) // null) == "CO/469" or .status == 423 then { not_done: { why: "the order is open at somebody's desk" } }
  elif .status == 503 then { not_done: { why: "the ERP is not available" } }
  elif .status == 400 or .status == 404 then { rejected: { code: ((try .body.error.code catch null) // "HTTP \(.status)"), text: ((try .body.error.message.value catch null) // "") } }
  else empty end;

def probe: reading;

def probed:
  if .status != 200 then empty
  elif is_so(.body.d) then { found: {} }
  else "absent" end;
