# A supplier's DESADV: every pack of it announces its lot. A pack is a CPS with its GIN+BJ (SSCC), an item a LIN with QTY+12 and its
# GIN+BX (lot). Tables: `plant` (our plant, and its number in NAD+DP), `unit`.
def text: if type == "array" then .[0] else . end;
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | .[0];
def ours_or_it($table): ours($table) // .;
def unit($table): . as $theirs | ours($table) // error("the unit \($theirs) is not in the table `unit` of the site: add the one it stands for");
# A moment of DTM by its format: 102 a day, 203 with minutes.
def moment: .[1] as $at | { local: "\($at[0:4])-\($at[4:6])-\($at[6:8])T\(if .[2] == "203" then "\($at[8:10]):\($at[10:12])" else "00:00" end):00" };

def closed: if .item == null then . else .items += [{ sscc, item, lot, qty, unit }] | .item = null | .lot = null end;

def notice:
  reduce .segments[] as $s ({ items: [] };
    if $s[0] == "BGM" then .asn = ($s[2] | text)
    elif $s[0] == "DTM" and $s[1][0] == "137" then .at = ($s[1] | moment)
    elif $s[0] == "NAD" and $s[1] == "SU" then .supplier = ($s[2] | text)
    elif $s[0] == "NAD" and $s[1] == "DP" then .ship_to = ($s[2] | text)
    elif $s[0] == "CPS" then closed | .sscc = null
    elif $s[0] == "GIN" and $s[1] == "BJ" then .sscc = ($s[2] | text)
    elif $s[0] == "GIN" and $s[1] == "BX" then .lot = ($s[2] | text)
    elif $s[0] == "LIN" then closed | .item = ($s[3] | text)
    elif $s[0] == "QTY" and $s[1][0] == "12" then .qty = ($s[1][1] | sub(","; ".")) | .unit = $s[1][2]
    else . end) | closed;

def inputs:
  .tables as $t | .site as $site
  | .body[].groups[].messages[] | select(.type == "DESADV") | notice
  | . as $notice | (.ship_to | ours_or_it($t.plant // {})) as $plant | .items[]
  | (if (.lot // "") == "" then error("the item \(.item) of \($notice.asn) has no lot: it could not be held before it comes") else . end)
  | "\(.item)/\(.lot)" as $lot
  | { to: { native: { kind: "lot", names: [{ system: $plant, kind: "lot", id: $lot }, { system: $site, kind: "lot", id: $lot }] } },
      key: { mark: { text: "\($notice.asn)/\(.sscc)/\($lot)" } }, occurred_at: $notice.at,
      body: { lot: { report: { announced: {
        lot: { material: .item, lot: .lot }, site: $plant, notice: $notice.asn, supplier: $notice.supplier, unit: .sscc,
        qty: "\(.qty) \(.unit | unit($t.unit))" } } } } };
