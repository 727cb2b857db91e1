# A posting, by the procedure of the ERP; it does not look whether it knows our reference, so that it is asked first.
def known: { sql: "select 'D-' || id as document from postings where reference = $1", args: [.reference] };
def request:
  { sql: "select post_goods($1, $2, $3, $4) as document",
    args: [.reference, .effect.erp_order, .effect.posting.movement,
           ([.effect.posting.lines[] | { use: .series.use, qty: (.qty | split(" ")[0]) }] | tojson)] };
def outcome: if .error then empty else { accepted: { document: .rows[0].document } } end;
def probe: known;
def probed: if .rows[0] then { found: { document: .rows[0].document } } else "absent" end;
