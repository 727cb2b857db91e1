# What the warehouse tells: of handling units, and of deliveries. It counts in units; what unit that is stands in the tables.
def named($kind; $id): { native: { kind: $kind, names: [{ system: .site, kind: $kind, id: $id }] } };
def told($to; $mark; $body): { to: $to, key: { mark: { text: $mark } }, occurred_at: .body.at, body: $body };

def unit($report): told(named("unit"; .body.sscc); .body.message; { unit: { report: $report } });
# Units that were packed onto another one, or taken off it.
def nested($inner; $within):
  told(named("unit"; $inner); "\(.body.message)/\($inner)"; { unit: { report: { nested: { within: $within } } } });
def shipment($mark; $input): told(named("shipment"; .body.delivery); $mark; { shipment: $input });

# Whatever is told of a delivery first makes it known.
def announced:
  shipment("announced/\(.body.delivery)"; { report: { announced: { warehouse: .site, delivery: .body.delivery, lines: [] } } });

# Decimals are added as whole numbers of their smallest step: binary fractions would not be what stands there.
def places: tostring | (split(".")[1] // "") | length;
def steps($places): tostring | split(".") | .[0] + (((.[1] // "") + "000000000000")[:$places]) | tonumber;
def plain($places):
  tostring | if $places == 0 then . else (("0000000000000"[:([$places + 1 - length, 0] | max)]) + .) | .[:-$places] + "." + .[-$places:] end;
def sum: ([.[].units | places] | max) as $places | [.[].units | steps($places)] | add | plain($places);

# What stands on a handling unit, which has one quantity: several items are counted together only in one unit.
def content:
  .tables as $t
  | ([.body.contents[]? | ($t.item_unit // {})[.item] // $t.unit.default] | unique) as $units
  | if ($units | length) > 1 then
      error("\(.body.sscc) holds \([.body.contents[].item] | join(" and ")) in \($units | join(" and ")), so it has no one quantity")
    else "\(if (.body.contents | length) == 1 then .body.contents[0].units else .body.contents | sum end) \($units[0] // $t.unit.default)" end;

def inputs:
    if .topic == "handling_unit.received" then unit({ received: { qty: content, place: .body.dock } })
    elif .topic == "handling_unit.put_away" then unit({ put_away: { place: .body.bin } })
    elif .topic == "picked" then
      # Units of a pallet may be picked for several deliveries: each takes what it says.
      "\(.body.units) \((.tables.item_unit // {})[.body.item] // .tables.unit.default)" as $qty
      | (if .body.lot == null then null else { material: .body.item, lot: .body.lot } end) as $lot
      | unit({ picked: { delivery: .body.delivery, qty: $qty } }), announced,
        shipment("\(.body.message)/shipment"; { report: { picked_part: { unit: .body.sscc, part: { lot: $lot, qty: $qty } } } })
    elif .topic == "packed" then announced, shipment(.body.message; { report: "packed" })
    elif .topic == "departure.requested" then
      announced, shipment("clear/\(.body.attempt)"; { request: { clear_departure: { attempt: .body.attempt } } })
    elif .topic == "departed" then announced, shipment(.body.message; { report: "departed" })
    elif .topic == "components.staged" then
      told({ native: { kind: "order", names: [{ system: .body.of, kind: "order", id: .body.order }] } }; .body.message;
           { order: { report: { staged: { missing: .body.missing } } } })
    elif .topic == "stock.adjusted" then unit({ counted: { qty: content } })
    elif .topic == "handling_unit.packed" then nested(.body.units[]; .body.sscc)
    elif .topic == "handling_unit.unpacked" then nested(.body.units[]; null)
    else error("the topic \(.topic) is not known here") end;
