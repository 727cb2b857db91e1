# The hold is gone: a 947 with the status that both agreed upon, `edi.release` of the tables. What stays blocked by itself is named as held
# before the rest is freed, in one message: it is taken whole or not at all.
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
           + [(($e.keep // [])[] as $unit | $in | held($edi.hold; $unit)),
              (if ($e.units | length) == 0 then held($edi.release; null) else ($e.units[] as $unit | $in | held($edi.release; $unit)) end)]) }] }] } };
