# Changes an order of the ERP's: quantity, dates, a component, its bill of material, its state. The order is read first, what
# is so already is not asked for again, and it is read again at the end: this ERP answers `true` to what it leaves aside.
def reading: { method: "GET", path: "/api/manufacturing_order", query: { domain: ([["name", "=", .effect.erp_order]] | tojson) } };
def change: .effect.change;
def utc: fromdate | floor | todate | .[0:19] | sub("T"; " ");
# Floats are brought back to the thousandth they were entered with.
def thousandths: (. | tonumber) * 1000 | round;
def total: change.quantity.total | split(" ")[0] | tonumber;

# What the ERP presses for a change of state, and the states that show it.
def state:
  { cancel: ["action_cancel", ["cancel"]], technically_complete: ["button_to_close", ["to_close", "done"]],
    close: ["button_mark_done", ["done"]], reopen: ["button_reopen", ["confirmed", "progress"]] }[.];

def is_so($order):
  change as $c
  | if $order == null then false
    elif $c | type == "string" then $order.state as $now | $c | state[1] | any(. == $now)
    elif $c.quantity then ($order.product_qty | thousandths) == (total | thousandths)
    elif $c.dates then $order.date_start == ($c.dates.start | utc) and $order.date_finished == ($c.dates.end | utc)
    elif $c.recipe then $order.bom_version == $c.recipe.version
    else [$order.components[] | select(.line == $c.component.item) | .product_id[1]] == [$c.component.material] end;

def press($order; $button; $args): { method: "POST", path: "/api/manufacturing_order/\($order)/\($button)", body: { args: $args } };

def asking($order):
  change as $c
  | if $c | type == "string" then press($order; $c | state[0]; {})
    elif $c.quantity then press($order; "change_quantity"; { quantity: total })
    elif $c.dates then
      { method: "PUT", path: "/api/manufacturing_order/\($order)", body: { values: { date_start: ($c.dates.start | utc), date_finished: ($c.dates.end | utc) } } }
    elif $c.recipe then press($order; "change_bom"; { version: $c.recipe.version })
    else press($order; "replace_component"; { line: $c.component.item, product: $c.component.material }) end;

def order: [.answers[]? | select(.status == 200) | .body.records?[]?] | last;
def faults: [.answers[]? | .body.error? | objects | .data];

def request:
  (.answers | length) as $done | order as $order
  | if $done == 0 then reading + { then: true }
    elif .status != 200 or (faults | length) > 0 or $order == null then empty
    elif $done == 1 then (if is_so($order) then empty else asking($order.id) + { then: true } end)
    elif $done == 2 then reading
    else empty end;

def outcome:
  faults as $faults | order as $order
  | if .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    elif .status != 200 then empty
    elif ($faults | any(.name == "psycopg2.errors.SerializationFailure")) then { not_done: { why: "somebody else writes the order" } }
    elif ($faults | length) > 0 then { rejected: { code: $faults[0].name, text: $faults[0].message } }
    elif $order == null then { rejected: { code: "exceptions.MissingError", text: "the ERP has no order \(.effect.erp_order)" } }
    elif is_so($order) then { accepted: {} }
    # It left it aside: because it may not be changed any more, or because it only said yes.
    elif change.dates and ($order.state == "to_close" or $order.state == "done" or $order.state == "cancel") then
      { rejected: { code: "LEFT_ASIDE", text: "an order in state \($order.state) keeps its dates" } }
    else { not_done: { why: "the ERP said yes and did nothing" } } end;

def probe: reading;

def probed:
  if .status != 200 then empty
  elif is_so(order) then { found: {} }
  else "absent" end;
