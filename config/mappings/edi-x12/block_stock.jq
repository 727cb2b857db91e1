# Nothing of a lot, or of these handling units, may be moved: a 947 with the status that both agreed upon. Table `edi`: `sender` and
# `receiver` as for the other messages, `hold` the code of W1901 for stock that must stay.
def held($code; $sscc):
  ["W19", $code, null, null, null, "VN", .effect.lot.material, "LT", .effect.lot.lot],
  (if $sscc then ["N9", "SE", $sscc] else empty end);
def file:
  . as $in | .tables.edi as $edi | .effect as $e
  | { name: "947",
      body: {
        sender: { id: $edi.sender, qualifier: ($edi.sender_qualifier // "ZZ") },
        receiver: { id: $edi.receiver, qualifier: ($edi.receiver_qualifier // "ZZ") },
        groups: [{ messages: [{ type: "947", segments:
          ([["W15", null, .reference], ["N1", "WH", null, "92", .site], ["N9", "ZZ", $e.hold]]
           + [if ($e.units | length) == 0 then held($edi.hold; null) else ($e.units[] as $unit | $in | held($edi.hold; $unit)) end]) }] }] } };
