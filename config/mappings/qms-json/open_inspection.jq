# A sample was taken, or must be: the laboratory measures it, and says by when. Known again by its reference.
def request:
  .tables.unit as $units
  | { method: "POST", path: "/inspections",
      body: ({ reference: "\(.effect.site)/\(.effect.sample)", material: .effect.lot.material, lot: .effect.lot.lot, plant: .effect.site,
               characteristics: [{ name: "thickness_mm", low: "1.9", high: "2.1" }] }
             + (if .effect.qty then { quantity: (.effect.qty | split(" ")[0]), unit: (.effect.qty | split(" ")[1] | $units[.] // .) } else {} end)) };

def outcome:
  if .status == 200 or .status == 201 then { accepted: ({ alias: { system: .site, kind: "quality", id: .body.inspection } }
                                                               + (if .body.due then { due: .body.due } else {} end)) }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
