# Production orders that were changed since: Tryton tells nothing by itself. `write_date` is when a transaction began, in UTC and
# without saying so, so that a change may appear after others that look later.
def rows: 100;
def fields:
  ["number", "state", "quantity", "planned_start_date", "planned_date", "write_date", "product.code", "unit.symbol", "warehouse.code",
   "write_uid.login"];

def ask:
  (if .since then [["write_date", ">=", (.since | typed_time("__class__"))]] else [] end) as $since
  | if .page > 0 and (.body.result | arrays | length) < rows then empty
    else
      { method: "POST", path: "/", reads: true,
        body: { id: "orders", method: "model.production.search_read",
                params: [[["number", "!=", null]] + $since, (.page | tonumber) * (rows | tonumber), rows, [["write_date", "ASC"], ["id", "ASC"]], fields, {}] } }
    end;

def items:
  if .body.error then error("Tryton says \(.body.error | tojson)") else . end
  | .body.result[] | untyped("__class__") | { id: "\(.id)", modified: "\(.write_date)Z", item: . };

def our_plant($table): ours($table) as $ours | if $ours == . and (($table // {})[.] | not) then error("the warehouse \(.) is not in `tables.plant` of the site's file: add the plant it stands for") else $ours end;

def header:
  .tables as $t | .received_at as $now | .site as $erp | .body
  | { erp: $erp, number, plant: (.["warehouse."].code | our_plant($t.plant)), material: .["product."].code,
      total: "\(.quantity | decimal) \(.["unit."].symbol | ours($t.unit))",
      start: (.planned_start_date | if . then { local: "\(.)T06:00:00" } else $now end),
      end: (.planned_date | if . then { local: "\(.)T22:00:00" } else $now end) };

# What it is now: that it was so before is known.
def facts:
  .body.state as $state | .tables.us.login as $us | header as $header
  | if $state == "waiting" or $state == "assigned" or $state == "running" then
      { released: $header }, { dates_changed: { start: $header.start, end: $header.end } }
    elif $state == "cancelled" then "cancelled"
    # What we ended ourselves after the last report is no news.
    elif $state == "done" and .body["write_uid."].login != $us then "technically_completed"
    else empty end;

def inputs:
  .site as $erp | .body as $order | [facts][] as $fact
  | { to: { native: { kind: "order", names: [{ system: $erp, kind: "order", id: $order.number }] } }, occurred_at: "\($order.write_date)Z",
      body: { order: { owner_fact: $fact } } };
