# What a rule has counted is yield of the order that the press named, by the number that the ERP has for it.
def inputs:
  .body as $count
  | { to: { native: { kind: "order", names: [{ system: "erp", kind: "order", id: $count.order }] } }, occurred_at: $count.until,
      body: { order: { report: { confirmed: { op: "0010", good: { qty: "\($count.count) H87" } } } } } };
