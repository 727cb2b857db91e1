# A handling unit will come. Known again by our reference.
# It counts in units; which unit that is stands in the tables, for all and for what is counted otherwise.
def units($tables):
  (($tables.item_unit // {})[.lot.material] // $tables.unit.default) as $in | (.qty | split(" ")) as $said
  | if $said[1] == $in then $said[0]
    else error("the handling unit holds \(.qty) of \(.lot.material), and the warehouse counts it in \($in): write its unit into the table `item_unit` of the site, as `{\(.lot.material): \($said[1])}`") end;

def request:
  .tables as $tables |
  { method: "POST", path: "/inbound-notices",
    body: { notice_ref: .reference, sscc: .effect.sscc,
            contents: [.effect.contents[] | { item: .lot.material, lot: .lot.lot, units: units($tables) }] } };

def outcome:
  if .status == 200 or .status == 201 then { accepted: {} }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
