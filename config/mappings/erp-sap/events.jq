# What the ERP tells: keys only, so the order or document is read before anything is said about it.
def orders: "/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2";
def documents: "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader";
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
# A plant by our name: the table's, or where that says nothing of it, the word as it is, when it is a name.
def our_plant($table):
  ours($table) | if test("^[a-z][a-z0-9-]*$") then . else error("the plant code \(.) is not in `tables.plant` of the site's file: add the plant it stands for") end;

def read:
  .body.data as $d
  | if .topic == "document.posted_by_hand" then
      { path: "\(documents)(MaterialDocumentYear='\($d.MaterialDocumentYear)',MaterialDocument='\($d.MaterialDocument)')",
        query: { "$expand": "to_MaterialDocumentItem" } }
    else { path: "\(orders)('\($d.ManufacturingOrder)')" } end;

def order: .read[0].body.d;

# An order has two names here: its own number, and the planned order it was made of.
def named($order; $planned):
  .site as $erp
  # The planned order first: under that one it is born, whoever tells of it first.
  | { native: { kind: "order", names: ((if ($planned // "") == "" then [] else [{ system: $erp, kind: "order", id: $planned }] end)
                                       + [{ system: $erp, kind: "order", id: $order }]) } };

def told($what; $fact):
  { to: named(order.ManufacturingOrder; order.PlannedOrder), key: { mark: { text: "\(.body.id)/\($what)" } }, occurred_at: .body.time,
    body: { order: { owner_fact: $fact } } };

# The ERP has days, no times and no zones: noon of that day is the same day in every zone.
def day: capture("(?<ms>-?[0-9]+)").ms | tonumber | . / 1000 + 43200 | todate;
def total: .tables as $t | "\(order.TotalQuantity) \(order.ProductionUnit | ours($t.unit))";

def header:
  .tables as $t | .site as $erp | total as $total | order
  | { erp: $erp, number: .ManufacturingOrder, plant: (.ProductionPlant | our_plant($t.plant)), material: .Material, total: $total,
      recipe: (if (.ProductionVersion // "") == "" then null else .ProductionVersion end),
      lot: (if (.Batch // "") == "" then null else .Batch end),
      start: (.MfgOrderPlannedStartDate | day), end: (.MfgOrderPlannedEndDate | day) }
    # What it was planned for, by the name that whoever wants it has for it.
    + ((.RequirementReference // "") | if contains("/") then split("/") | { demand: { system: .[0], number: (.[1:] | join("/")) } } else {} end);

def changed:
  (select(order.OrderIsPartiallyReleased == "X") | told("partly_released"; { partly_released: header })),
  told("quantity"; { quantity_changed: { total: total } }), told("lock"; { locked: (order.OrderIsLocked == "X") }),
  (select(order.MfgOrderPlannedStartDate) | told("dates"; { dates_changed: { start: (order.MfgOrderPlannedStartDate | day), end: (order.MfgOrderPlannedEndDate | day) } }));

# Somebody posted by hand: every line that belongs to an order is told to it.
def by_hand:
  .tables as $t | . as $in | order as $doc | $doc.to_MaterialDocumentItem.results[] | select(.ManufacturingOrder != "") | . as $line
  | { "101": ["produced", ""], "102": ["produced", "-"], "531": ["produced", ""], "532": ["produced", "-"],
      "261": ["consumed", ""], "262": ["consumed", "-"] }[$line.GoodsMovementType] as $use | select($use)
  | $in
  | { to: named($line.ManufacturingOrder; null), key: { mark: { text: "\(.body.id)/\($line.MaterialDocumentItem)" } }, occurred_at: .body.time,
      who: { user: $doc.CreatedByUser },
      body: { order: { owner_fact: { foreign_posting: {
        document: "\($line.MaterialDocument)/\($line.MaterialDocumentYear)", by: $doc.CreatedByUser, use: $use[0], material: $line.Material,
        lot: (if ($line.Batch // "") == "" then null else $line.Batch end),
        qty: "\($use[1])\($line.QuantityInBaseUnit) \($line.MaterialBaseUnit | ours($t.unit))" } } } } };

def inputs:
  if .topic == "order.created" then told("created"; { created: header })
  elif .topic == "order.released" then told("released"; { released: header })
  elif .topic == "order.changed" then changed
  elif .topic == "order.cancelled" then told("cancelled"; "cancelled")
  elif .topic == "order.technically_completed" then told("technically_completed"; "technically_completed")
  elif .topic == "order.reopened" then told("reopened"; "reopened")
  elif .topic == "order.closed" then told("closed"; "closed")
  elif .topic == "document.posted_by_hand" then by_hand
  else error("the topic \(.topic) is not known here") end;
