# One posting: a material document for goods, a confirmation for work. Our reference stands in the document, so that it is
# found after a lost reply. A negative line takes back.
def goods: "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader";
def work: "/sap/opu/odata/sap/API_PROD_ORDER_CONFIRMATION_2_SRV/ProdnOrdConf2";
def is_work: .effect.posting.movement == "confirmation";
def value: split(" ")[0];
def size: value | ltrimstr("-");
def negative: startswith("-");
def unit($t): split(" ")[1] | ($t.unit[.] // .);
def four: ("000" + .)[-4:];

def movement($line):
  if .effect.posting.movement == "goods_receipt" then
    (if ($line.series.output // "main") == "main" then ["101", "102"] else ["531", "532"] end)
  else ["261", "262"] end
  | .[if $line.qty | negative then 1 else 0 end];

def item($line):
  .tables as $t | .effect as $e | movement($line) as $type
  | { Material: $line.series.material, Plant: ($t.plant[$e.plant] // $e.plant), Batch: ($line.series.lot // ""), GoodsMovementType: $type,
      StorageLocation: (if $e.posting.movement == "goods_receipt" then $t.location.finished else $t.location.raw end),
      ManufacturingOrder: $e.erp_order, ManufacturingOrderItem: "1", QuantityInEntryUnit: ($line.qty | size), EntryUnit: ($line.qty | unit($t)) }
    + (if $e.posting.movement == "goods_receipt" then { GoodsMovementRefDocType: "F", InventoryStockType: $t.stock[$line.series.status] } else {} end);

def document:
  . as $in
  | { GoodsMovementCode: (if .effect.posting.movement == "goods_receipt" then "02" else "03" end),
      PostingDate: "\(.effect.posting.date)T00:00:00", ReferenceDocument: .reference,
      MaterialDocumentHeaderText: (.effect.posting.original_date // ""),
      to_MaterialDocumentItem: [.effect.posting.lines[] as $line | $in | item($line)] };

# Decimals are added as whole numbers of their smallest step: binary fractions would not be what was counted.
def places: (split(".")[1] // "") | length;
def steps($places): split(".") | .[0] + (((.[1] // "") + "000000000000")[:$places]) | tonumber;
def plain($places):
  tostring | (if startswith("-") then "-" else "" end) as $sign | ltrimstr("-")
  | if $places == 0 then . else (("0000000000000"[:([$places + 1 - length, 0] | max)]) + .) | .[:-$places] + "." + .[-$places:] end
  | $sign + .;
def plus($more): if . == null then $more else . as $one | ([$one, $more | places] | max) as $places
  | ([$one, $more | steps($places)] | add | plain($places)) end;

# Two lines of one use are one number in the confirmation, which has one unit for it.
def counted($field; $unit_field; $line; $t):
  ($line.qty | unit($t)) as $unit
  | if .[$unit_field] != null and .[$unit_field] != $unit then
      error("one confirmation cannot say \($field) in \(.[$unit_field]) and in \($unit): give the rule one unit")
    else . end
  | .[$field] |= plus($line.qty | value) | .[$unit_field] = $unit;

# What a line of work is called in a confirmation.
def field: { yield: "ConfirmationYieldQuantity", scrap: "ConfirmationScrapQuantity", rework: "ConfirmationReworkQuantity" }[.];

def confirmation:
  .tables as $t | .effect.posting as $p | $p.lines[0].series.op as $op
  | reduce $p.lines[] as $line (
      { OrderID: .effect.erp_order, OrderOperation: ($op | four), PostingDate: "\($p.date)T00:00:00", APIConfHasNoGoodsMovements: true,
        IsFinalConfirmation: ($p.last // false), ConfirmationText: ($p.original_date // ""), ExternalSystemConfirmation: .reference };
      if $line.series.use == "labour" then counted("OpConfirmedWorkQuantity1"; "OpWorkQuantityUnit1"; $line; $t)
      elif $line.series.use == "machine" then counted("OpConfirmedWorkQuantity2"; "OpWorkQuantityUnit2"; $line; $t)
      else counted($line.series.use | field; "ConfirmationUnit"; $line; $t) end);

def request: if is_work then { method: "POST", path: work, body: confirmation } else { method: "POST", path: goods, body: document } end;

# The number of a document, where the answer has one: an answer that says yes and names none is no yes.
def made:
  if .ConfirmationGroup? and .ConfirmationCount? then { document: "\(.ConfirmationGroup)/\(.ConfirmationCount)" }
  elif .MaterialDocument? and .MaterialDocumentYear? then { document: "\(.MaterialDocument)/\(.MaterialDocumentYear)" }
  else null end;
def found: (try .body.d.results catch null) | arrays;

def outcome:
  if .status == 201 or .status == 200 then
    (.body | (try .d catch null) | made) as $made
    | if $made then { accepted: $made } else { lost: { why: "status \(.status), and no document is named" } } end
  elif ((try .body.error.code catch null) // null) == "CO/469" or .status == 423 then { not_done: { why: "the order is open at somebody's desk" } }
  # This ERP's gateway says 503 before it has looked at a request.
  elif .status == 503 then { not_done: { why: "the ERP is not available" } }
  elif .status == 400 then { rejected: { code: ((try .body.error.code catch null) // "HTTP 400"), text: ((try .body.error.message.value catch null) // (.body | tojson)) } }
  else empty end;

def probe:
  if is_work then { method: "GET", path: work, query: { "$filter": "ExternalSystemConfirmation eq '\(.reference)'" } }
  else { method: "GET", path: goods, query: { "$filter": "ReferenceDocument eq '\(.reference)'" } } end;

def probed:
  if .status != 200 then empty
  else found | if length == 0 then "absent" else .[0] | made | values | { found: . } end end;
