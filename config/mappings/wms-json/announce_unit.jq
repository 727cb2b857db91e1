# A handling unit will come. Known again by our reference.
def request:
  { method: "POST", path: "/inbound-notices",
    body: { notice_ref: .reference, sscc: .effect.sscc,
            contents: [.effect.contents[] | { item: .lot.material, lot: .lot.lot, units: (.qty | split(" ")[0]) }] } };

def outcome:
  if .status == 200 or .status == 201 then { accepted: {} }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
