# A handling unit will come: a 943 for a warehouse that is spoken to by EDI. Table `edi`: `sender` and `receiver`, each with a
# `…_qualifier` where it is not ZZ; table `unit`: our unit, and theirs.
def unit($units): (split(" ")[1]) as $ours | $units[$ours] // $ours;
def file:
  .tables as $t | .effect as $e
  | { name: "943",
      body: {
        sender: { id: $t.edi.sender, qualifier: ($t.edi.sender_qualifier // "ZZ") },
        receiver: { id: $t.edi.receiver, qualifier: ($t.edi.receiver_qualifier // "ZZ") },
        groups: [{ messages: [{ type: "943", segments:
          ([["W06", "F", .reference], ["N1", "WH", null, "92", .site], ["N9", "SE", $e.sscc]]
           + [$e.contents[] | ["W04", (.qty | split(" ")[0]), (.qty | unit($t.unit)), null, "VN", .lot.material, "LT", (.lot.lot // null)]]
           + [["W03", ($e.contents | length)]]) }] }] } };
