# A shipment wants a truck. The transport system takes a shipment once: saying so again gives the same load.
def request:
  { method: "POST", path: "/loads",
    body: { shipment: .effect.shipment, yard: .effect.warehouse, pallets: .effect.units, customs: false } };

def outcome:
  if .status == 200 or .status == 201 then { accepted: { alias: { system: .site, kind: "shipment", id: .body.load } } }
  elif .status == 409 or .status == 404 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
