# The hold is gone: every block that was placed for it is taken off, but of the handling units that stay blocked. Where the whole
# lot was blocked as one, those get a block of their own first; when one of them does not, nothing is freed.
# A block that is gone already is no error; any other failure ends it, and its answer is the one that counts.
def block: "\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)";
def placed: [.answers[0].body.results[] | select(.in_force != false)];
def kept: block as $block | [(.effect.keep // [])[] | { sscc: ., ref: "\($block)/\(.)" }];
def wanting: placed as $placed | [kept[] | .ref as $ref | select(any($placed[]; .block_ref == $ref) | not)];
def named: block as $block | [(.effect.units // [])[] | "\($block)/\(.)"];
# Where handling units are named, theirs and that of the lot as one; what was blocked by itself since stays.
def over: block as $block | kept as $kept | named as $named
  | [placed[] | .block_ref as $ref
     | select($ref == $block or (if ($named | length) > 0 then any($named[]; . == $ref) else ($ref | startswith($block + "/")) end))
     | select(any($kept[]; .ref == $ref) | not) | .block];

# How many blocks are placed before the first is taken off.
def first: if (.answers | length) == 0 or .answers[0].status >= 300 then 0 else (wanting | length) end;

def request:
  (.answers | length) as $done | first as $first
  | if $done == 0 then { method: "GET", path: "/stock-blocks", then: true }
    elif .status >= 300 and ($done <= $first + 1 or .status != 404) then empty
    elif $done <= $first then
      wanting[$done - 1] as $unit
      | { method: "POST", path: "/stock-blocks", then: true,
          body: { item: .effect.lot.material, lot: .effect.lot.lot, reason: .effect.hold, block_ref: $unit.ref, sscc: $unit.sscc } }
    else
      over as $over | ($done - $first) as $next
      | if $next <= ($over | length) then { method: "DELETE", path: "/stock-blocks/\($over[$next - 1])", then: true } else empty end
    end;

def outcome:
  (.answers | length) as $done | first as $first
  | if (.status >= 200 and .status < 300) or (.status == 404 and $done > $first + 1) then { accepted: {} }
    elif (.status == 409 or .status == 400) and $done > 1 and $done <= $first + 1 then
      { rejected: { code: (.body.error // "\(.status)"), text: (.body.detail // "a handling unit that must stay blocked was not blocked, so nothing was freed") } }
    else empty end;
