# Stock of a lot from one status to another. Blocking and releasing are movements of their own, between two of three kinds of
# stock; the hold stands in the text, our reference finds it again.
def path: "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader";
def types:
  { "quality_inspection>unrestricted": "321", "unrestricted>quality_inspection": "322", "blocked>unrestricted": "343",
    "unrestricted>blocked": "344", "blocked>quality_inspection": "349", "quality_inspection>blocked": "350" };

def request:
  .tables as $t | .effect as $e | types["\($e.from)>\($e.to)"] as $type
  | if $type == null then error("no movement from \($e.from) to \($e.to)") else
      { method: "POST", path: path,
        body: { GoodsMovementCode: "04", ReferenceDocument: .reference, MaterialDocumentHeaderText: ($e.hold // "usage decision" | .[0:25]),
                to_MaterialDocumentItem: [{ Material: $e.lot.material, Plant: ($t.plant[$e.plant] // $e.plant),
                  StorageLocation: $t.location.finished, Batch: $e.lot.lot, GoodsMovementType: $type,
                  QuantityInEntryUnit: ($e.qty | split(" ")[0]), EntryUnit: ($e.qty | split(" ")[1] | $t.unit[.] // .) }] } }
    end;

# The number of a document, where the answer has one: an answer that says yes and names none is no yes.
def made: if .MaterialDocument? and .MaterialDocumentYear? then { document: "\(.MaterialDocument)/\(.MaterialDocumentYear)" } else null end;
def found: (try .body.d.results catch null) | arrays;

def outcome:
  if .status == 201 then
    (.body | (try .d catch null) | made) as $made
    | if $made then { accepted: $made } else { lost: { why: "status 201, and no document is named" } } end
  elif .status == 503 then { not_done: { why: "the ERP is not available" } }
  elif ((try .body.error.code catch null) // null) == "CO/469" or .status == 423 then { not_done: { why: "the record is open at somebody's desk" } }
  elif .status == 400 then { rejected: { code: ((try .body.error.code catch null) // "HTTP 400"), text: ((try .body.error.message.value catch null) // (.body | tojson)) } }
  else empty end;

def probe: { method: "GET", path: path, query: { "$filter": "ReferenceDocument eq '\(.reference)'" } };

def probed:
  if .status != 200 then empty
  else found | if length == 0 then "absent" else .[0] | made | values | { found: . } end end;
