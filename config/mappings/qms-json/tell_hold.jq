# Stock is held. A hold that follows a nonconformance of this house names it; any other opens a record of its own there, to be
# decided like a nonconformance.
def request:
  { method: "POST", path: "/holds",
    body: ({ reference: "\(.effect.plant)/\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)", material: .effect.lot.material, lot: .effect.lot.lot,
             pallets: .effect.units, quantity: "0", unit: "", reason: .effect.reason }
           + (if .effect.hold | startswith("NC-") then { nonconformance: .effect.hold } else {} end)) };

def outcome:
  if .status == 200 or .status == 201 then { accepted: {} }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
