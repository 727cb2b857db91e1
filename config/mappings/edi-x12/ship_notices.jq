# A supplier's 856: every pack of it announces its lot. What stands above an item in the hierarchy (HL) counts for it: the pack is that of
# the last MAN. Tables: `plant` (our plant, and its code in N1*ST), `unit`.
# What stands behind a qualifier in a segment of pairs.
def behind($qualifier): . as $s | [keys[] | select($s[.] == $qualifier)] | .[0] as $at | if $at == null then null else $s[$at + 1] end;
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | .[0];
def ours_or_it($table): ours($table) // .;
def unit($table): . as $theirs | ours($table) // error("the unit \($theirs) is not in the table `unit` of the site: add the one it stands for");
def moment: { local: "\(.[3][0:4])-\(.[3][4:6])-\(.[3][6:8])T\(.[4][0:2] // "00"):\(.[4][2:4] // "00"):00" };
def sscc: if length == 20 then .[2:] else . end;

def packs:
  reduce .segments[] as $s ({ packs: [] };
    if $s[0] == "BSN" then .asn = $s[2] | .at = ($s | moment)
    elif $s[0] == "N1" and $s[1] == "SF" then .supplier = ($s[4] // $s[2])
    elif $s[0] == "N1" and $s[1] == "ST" then .ship_to = ($s[4] // $s[2])
    elif $s[0] == "MAN" then .sscc = ($s[2] | sscc)
    elif $s[0] == "LIN" then .item = ($s | behind("BP") // behind("VN")) | .lot = ($s | behind("LT"))
    elif $s[0] == "SN1" then .packs += [{ sscc, item, lot, qty: $s[2], unit: $s[3] }]
    else . end);

def inputs:
  .tables as $t | .site as $site
  | .body[].groups[].messages[] | select(.type == "856") | packs
  | . as $notice | (.ship_to | ours_or_it($t.plant // {})) as $plant | .packs[]
  | (if (.lot // "") == "" then error("the item \(.item) of \($notice.asn) has no lot: it could not be held before it comes") else . end)
  | "\(.item)/\(.lot)" as $lot
  | { to: { native: { kind: "lot", names: [{ system: $plant, kind: "lot", id: $lot }, { system: $site, kind: "lot", id: $lot }] } },
      key: { mark: { text: "\($notice.asn)/\(.sscc)/\($lot)" } }, occurred_at: $notice.at,
      body: { lot: { report: { announced: {
        lot: { material: .item, lot: .lot }, site: $plant, notice: $notice.asn, supplier: $notice.supplier, unit: .sscc,
        qty: "\(.qty) \(.unit | unit($t.unit))" } } } } };
