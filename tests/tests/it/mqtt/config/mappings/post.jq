# A posting, for whoever knows our reference again.
def request:
  { topic: "erp/postings",
    payload: { reference: .reference, order: .effect.erp_order, movement: .effect.posting.movement,
               lines: [.effect.posting.lines[] | { use: .series.use, qty: (.qty | split(" ")[0]) }] } };
def outcome: if .unheard then empty else { accepted: { document: .reference } } end;
