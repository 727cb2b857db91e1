# What a supplier portal tells. A ship notice announces lots pack by pack; the supplier's batch is the lot's number, and a pack without
# one is nobody's: a lot could not be held before it comes. Purchase orders are between the ERP and its suppliers.
def plants: (.tables.plant // {}) | to_entries | map({key: .value, value: .key}) | from_entries;
def units: (.tables.unit // {}) | to_entries | map({key: .value, value: .key}) | from_entries;

def announced:
  . as $in | plants as $plants | units as $units
  | def unit: . as $theirs | $units[$theirs] // error("the unit \($theirs) is not in the table `unit`");
    ($plants[.body.ship_to] // .body.ship_to) as $plant
  | .body.packs[]
  | (if (.batch // "") == "" then error("pack \(.sscc) of \($in.body.asn) has no batch") else . end)
  | { to: { native: { kind: "lot", names: [{ system: $plant, kind: "lot", id: "\(.item)/\(.batch)" },
                                           { system: $in.site, kind: "lot", id: "\(.item)/\(.batch)" }] } },
      key: { mark: { text: "\($in.body.asn)/\(.sscc)" } }, occurred_at: $in.body.at,
      body: { lot: { report: { announced: {
        lot: { material: .item, lot: .batch }, site: $plant, notice: $in.body.asn, purchase: ($in.body.po | if type == "string" and . != "" and length <= 64 then . else null end), supplier: $in.body.supplier, unit: .sscc,
        qty: "\(.qty) \(.unit | unit)" } } } } };

def inputs:
  if .topic == "asn.sent" then announced
  elif .topic == "po.confirmed" or .topic == "po.rejected" then empty
  else error("the topic \(.topic) is not known here") end;
