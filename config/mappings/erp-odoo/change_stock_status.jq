# Stock of a lot from one status to another: here a status is a location, and the change a picking between two of them. It
# is searched by our reference first, drafted, validated, and read back, as every picking.
def search: { method: "GET", path: "/api/stock_picking", query: { domain: ([["client_reference", "=", .reference]] | tojson), order: "id" } };

def picking:
  .tables as $t | .effect as $e
  | (($t.stock[$e.from] // error("no location for \($e.from)"))) as $from | (($t.stock[$e.to] // error("no location for \($e.to)"))) as $to
  | { client_reference: .reference, note: ($e.hold // "usage decision"),
      moves: [[0, 0, { product_id: $e.lot.material, lot_name: $e.lot.lot, quantity: ($e.qty | split(" ")[0] | tonumber),
                       product_uom: ($e.qty | split(" ")[1] | $t.unit[.] // .), warehouse_id: ($t.plant[$e.plant] // $e.plant),
                       location: $from, location_dest: $to }]] };

def records: [.answers[]? | select(.status == 200) | .body.records?] | map(arrays) | last // [];
def standing: [records[] | select(.state == "done")] | .[0];
def draft: [records[] | select(.state == "draft")] | .[0].id;
def made: [.answers[]? | .body.result? | numbers] | last;
def faults: [.answers[]? | .body.error? | objects | .data];

def request:
  (.answers | length) as $done | (draft // made) as $id
  | if $done == 0 then search + { then: true }
    elif .status != 200 or standing then empty
    elif $id == null then
      (if $done > 1 or (faults | length) > 0 then empty
       else { method: "POST", path: "/api/stock_picking", body: { values: picking }, then: true } end)
    elif .body.result == true then (if (faults | length) > 0 then empty else search end)
    elif (faults | length) == 1 then { method: "POST", path: "/api/stock_picking/\($id)/action_cancel", body: { args: {} }, then: true }
    elif (faults | length) == 0 then { method: "POST", path: "/api/stock_picking/\($id)/button_validate", body: { args: {} }, then: true }
    else empty end;

def outcome:
  faults as $faults
  | if .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    elif .status != 200 then empty
    elif standing then { accepted: { document: standing.name } }
    elif ($faults | any(.name == "psycopg2.errors.SerializationFailure")) then { not_done: { why: "somebody else writes the record" } }
    elif $faults[0].name == "exceptions.MissingError" then { not_done: { why: "the ERP said yes and did nothing" } }
    elif ($faults | length) > 0 then { rejected: { code: $faults[0].name, text: $faults[0].message } }
    else { not_done: { why: "the ERP said yes and did nothing" } } end;

def probe: search;

def probed:
  if .status != 200 or ((try .body.records catch null) | type) != "array" then empty
  elif standing then { found: { document: standing.name } }
  else "absent" end;
