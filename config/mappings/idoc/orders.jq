# IDoc XML of SAP, production orders: LOIPRO01 and LOIPRO02, one order an E1AFKOL. What it says of the order is its system status;
# it is sent again whenever the order changes. From the tables: `plant` and `unit`, and `default.unit` where units are left out.
# Numbers have no groups and a minus at the end; days and times have no zone and are those of the plant's clock.
def text: .[0]?["#"]? // "";
def given: if . == "" then null else . end;
def ours($table): . as $theirs | [$table // {} | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
# A plant by our name: the table's, or where that says nothing of it, the word as it is, when it is a name.
def our_plant($table):
  ours($table) | if test("^[a-z][a-z0-9-]*$") then . else error("the plant code \(.) is not in `tables.plant` of the site's file: add the plant it stands for") end;
def number: text | gsub("^ +| +$"; "") | if endswith("-") then "-" + .[:-1] else . end;
def plain: text | if test("^[0-9]+$") then ltrimstr("0") | gsub("^0+"; "") else . end;

def idocs: .body | to_entries[0] | if .key | startswith("LOIPRO") then .value[0].IDOC else error("this is no LOIPRO: it begins with \(.key)") end;

# `20261124` and `060000`; nothing and zeros are no day.
def moment($day; $time; $usual):
  if $day == "" or $day == "00000000" then null
  else (if $time == "" or $time == "000000" then $usual elif $time == "240000" then "235959" else $time end) as $t
    | { local: "\($day[0:4])-\($day[4:6])-\($day[6:8])T\($t[0:2]):\($t[2:4]):\($t[4:6])" } end;
def start: moment(.GSTRS | text; .GSUZS | text; "000000") // moment(.GSTRP | text; .GSUZP | text; "000000") // error("it has no start");
def end_: moment(.GLTRS | text; .GLUZS | text; "235959") // moment(.GLTRP | text; .GLUZP | text; "235959") // error("it has no end");

def unit($tables): (.GMEIN // .BMEINS | text) as $unit
  | if $unit != "" then $unit | ours($tables.unit) else $tables.default.unit? // error("its quantity has no unit, and `tables.default.unit` names none") end;

# The order's own item; the others are co-products, which the recipe knows.
def item: [.E1AFPOL[]?] | .[0] // {};

# Several items of the one material would be one total for us, and several receipts for the ERP.
def once: . as $order | [.E1AFPOL[]? | .MATNR | text] as $made
  | if [$made[] | select(. == ($order.MATNR | text))] | length > 1 then
      error("it makes \($order.MATNR | text) in more than one item: an order has one total, so it has to be an order for each")
    else . end;

def header($in):
  $in.tables as $t | once
  | (.GAMNG // .BMENGE | number) as $total
  | if $total == "" then error("it has no quantity") else . end
  | { erp: $in.site, number: (.AUFNR | text), plant: (.WERKS | text | our_plant($t.plant)), material: (.MATNR | plain),
      total: "\($total) \(unit($t))", recipe: (item.VERID | text | given), lot: (item.CHARG | text | given), start: start, end: end_ };

# Active system statuses, such as I0002 for released.
def statuses: [.E1JSTKL[]? | .STAT | text];
def has($status): statuses | any(. == $status);

def told($in; $idoc; $order; $what; $fact):
  (($idoc.EDI_DC40[0]?.DOCNUM // []) | text) as $document
  | { to: { native: { kind: "order", names: (([$order | item.PLNUM | text | select(. != "")] | map({ system: $in.site, kind: "order", id: . }))
                                             + [{ system: $in.site, kind: "order", id: ($order.AUFNR | text) }]) } },
      occurred_at: $in.received_at, body: { order: { owner_fact: $fact } } }
    # Without a number of its own it is known by its file, or not at all.
    + (if $document == "" then {} else { key: { mark: { text: "\($document)/\($order.AUFNR | text)/\($what)" } } } end);

def facts($in; $idoc): . as $order
  | def tell($what; $fact): told($in; $idoc; $order; $what; $fact);
    if has("I0076") or has("I0013") then tell("cancelled"; "cancelled")
    else
      header($in) as $header
      | (if has("I0002") then tell("released"; { released: $header })
         elif has("I0042") then tell("partly_released"; { partly_released: $header })
         else tell("created"; { created: $header }) end),
        tell("dates"; { dates_changed: { start: $header.start, end: $header.end } }),
        (if has("I0046") then tell("closed"; "closed") elif has("I0045") then tell("technically_completed"; "technically_completed") else empty end)
    end;

def inputs:
  . as $in | idocs[] as $idoc
  | ($idoc.E1AFKOL // error("an IDoc has no order: E1AFKOL is missing"))[] as $order
  | ($order.AUFNR | text) as $number
  | if $number == "" then error("an order has no number: AUFNR is empty") else . end
  | try ($order | facts($in; $idoc)) catch error("the order \($number): \(.)");
