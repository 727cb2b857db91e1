# Nothing of this lot, or of these handling units, may be moved, picked or shipped. One block a handling unit.
def marks: if (.effect.units | length) == 0 then [null] else .effect.units end;
def block: "\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)";

def request:
  (.answers | length) as $done | marks as $marks
  # The first that is not done ends it, and its answer is the one that counts.
  | if $done < ($marks | length) and ($done == 0 or .status < 300) then
      { method: "POST", path: "/stock-blocks", then: true,
        body: ({ item: .effect.lot.material, lot: .effect.lot.lot, reason: .effect.hold }
               + (if $marks[$done] then { block_ref: "\(block)/\($marks[$done])", sscc: $marks[$done] } else { block_ref: block } end)) }
    else empty end;

def outcome:
  if .status == 200 or .status == 201 then { accepted: {} }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
