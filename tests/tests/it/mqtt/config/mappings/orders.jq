# An order that the ERP released: told until it is acknowledged, and known by its number.
def inputs:
  .site as $erp | .body.number as $number
  | { to: { native: { kind: "order", names: [{ system: $erp, kind: "order", id: $number }] } }, occurred_at: "2026-11-24T03:12:00Z",
      key: { mark: { text: "released/\($number)" } },
      body: { order: { owner_fact: { released: { erp: $erp, number: $number, plant: "nord", material: "FG", total: "100 H87",
        start: "2026-11-24T03:12:00Z", end: "2026-11-24T11:12:00Z" } } } } };
