# What this ERP has of an order: goods in material documents, work in confirmations, each with the reference it carries.
def items: "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentItem";
def work: "/sap/opu/odata/sap/API_PROD_ORDER_CONFIRMATION_2_SRV/ProdnOrdConf2";
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
def text: if (. // "") == "" then null else . end;

def request:
  (.answers | length) as $done | .effect.about.order as $order
  | if $done == 0 then
      { method: "GET", path: items, query: { "$filter": "ManufacturingOrder eq '\($order)'", "$expand": "to_MaterialDocumentHeader" }, then: true }
    elif $done == 1 and .status == 200 then { method: "GET", path: work, query: { "$filter": "OrderID eq '\($order)'" }, then: true }
    else empty end;

# It has days and times of the day, by the clock on its wall.
def clock($day; $time):
  ($day // "" | capture("(?<ms>-?[0-9]+)").ms | tonumber | . / 1000 | todate | .[0:10]) as $date
  | ($time // "" | capture("PT(?<h>[0-9]+)H(?<m>[0-9]+)M(?<s>[0-9]+)S")) as $clock
  | { local: "\($date)T\($clock.h):\($clock.m):\($clock.s)" };

def goods($t):
  { "101": ["produced", ""], "102": ["produced", "-"], "531": ["produced", ""], "532": ["produced", "-"],
    "261": ["consumed", ""], "262": ["consumed", "-"] }[.GoodsMovementType] as $use
  | select($use)
  | .to_MaterialDocumentHeader as $head
  | { document: "\(.MaterialDocument)/\(.MaterialDocumentYear)", reference: ($head.ReferenceDocument | text), by: ($head.CreatedByUser | text),
      use: $use[0], material: .Material, lot: (.Batch | text),
      qty: "\($use[1])\(.QuantityInBaseUnit) \(.MaterialBaseUnit | ours($t.unit))", entered_at: clock($head.CreationDate; $head.CreationTime) };

def number: (. // "0") | tostring;
def is_nothing: number | tonumber == 0;

# One confirmation says up to five things.
def confirmed($t):
  . as $c
  | (["yield", "ConfirmationYieldQuantity", .ConfirmationUnit], ["scrap", "ConfirmationScrapQuantity", .ConfirmationUnit],
     ["rework", "ConfirmationReworkQuantity", .ConfirmationUnit], ["labour", "OpConfirmedWorkQuantity1", .OpWorkQuantityUnit1],
     ["machine", "OpConfirmedWorkQuantity2", .OpWorkQuantityUnit2])
  | . as $said | select($c[$said[1]] | is_nothing | not)
  | { document: "\($c.ConfirmationGroup)/\($c.ConfirmationCount)", reference: ($c.ExternalSystemConfirmation | text),
      by: ($c.EnteredByUser | text), use: $said[0], op: ($c.OrderOperation | ltrimstr("0") | ltrimstr("0") | ltrimstr("0")),
      material: $c.Material, qty: "\($c[$said[1]] | number) \($said[2] | ours($t.unit))",
      entered_at: clock($c.ConfirmationEntryDate; $c.ConfirmationEntryTime) };

# A confirmation that was taken back, and the one that took it back, are both gone: that is how this ERP counts.
def outcome:
  .tables as $t
  | if .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    elif (.answers | length) == 2 and .status == 200 then
      { read: { entries: ([.answers[0].body.d.results[] | goods($t)]
                          + [.answers[1].body.d.results[] | select((.IsReversed or .IsReversal) | not) | confirmed($t)]) } }
    else empty end;
