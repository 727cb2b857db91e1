# What a warehouse tells by EDI: what it received (944), what left (945), and whether it could read what we sent (997). In a 944 the
# handling unit (N9*SE) stands behind what was counted of it, or before it. Table `unit`: our unit, and theirs.
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | .[0] // error("the unit \($theirs) is not in the table `unit` of the site: add the one it stands for");
def day: "\(.[0:4])-\(.[4:6])-\(.[6:8])T00:00:00";
def sscc: if length == 20 then .[2:] else . end;
def first_of($name): [.segments[] | select(.[0] == $name)] | .[0];

# Of each handling unit what was counted, in the order of the segments.
def units:
  reduce .segments[] as $s ({ units: [] };
    if $s[0] == "W07" then
      if .unit then .units += [{ sscc: .unit, qty: $s[1], uom: $s[2] }] | .unit = null else .counted = { qty: $s[1], uom: $s[2] } end
    elif $s[0] == "N9" and $s[1] == "SE" then
      if .counted then .units += [.counted + { sscc: ($s[2] | sscc) }] | .counted = null else .unit = ($s[2] | sscc) end
    else . end)
  | if .counted then error("\(.counted.qty) \(.counted.uom) were received on no handling unit: an N9*SE has to stand beside each W07") else .units[] end;

def received($site; $tables):
  first_of("W17") as $w17 | units
  | { to: { native: { kind: "unit", names: [{ system: $site, kind: "unit", id: .sscc }] } },
      key: { mark: { text: "944/\($w17[3])/\(.sscc)" } }, occurred_at: { local: ($w17[2] | day) },
      body: { unit: { report: { received: { qty: "\(.qty) \(.uom | ours($tables.unit))" } } } } };

def left($site):
  first_of("W06") as $w06
  | { to: { native: { kind: "shipment", names: [{ system: $site, kind: "shipment", id: $w06[2] }] } }, occurred_at: { local: ($w06[3] | day) } }
  | (. + { key: { mark: { text: "announced/\($w06[2])" } },
           body: { shipment: { report: { announced: { warehouse: $site, delivery: $w06[2], lines: [] } } } } }),
    (. + { key: { mark: { text: "945/\($w06[2])" } }, body: { shipment: { report: "departed" } } });

# What could not be read there is ours to mend: nothing of it was done.
def read_there:
  . as $message
  | [.segments[] | select(.[0] == "AK5" and .[1] != "A" and .[1] != "E")] as $refused
  | if ($refused | length) == 0 then empty
    else (first_of("AK1")) as $group
      | error("the partner refused \($refused | length) messages of our group \($group[2]) (\($group[1])): \([$refused[] | .[2:] | join(",")] | join("; ")); see codes 718 of X12")
    end;

def inputs:
  .site as $site | .tables as $tables
  | .body[].groups[].messages[]
  | if .type == "944" then received($site; $tables)
    elif .type == "945" then left($site)
    elif .type == "997" then read_there
    else error("a message of type \(.type) is not known here") end;
