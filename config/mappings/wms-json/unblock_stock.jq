# The hold is gone: every block that was placed for it is taken off, but of the handling units that stay blocked. Where the whole
# lot was blocked as one, those get a block of their own first; when one of them does not, nothing is freed.
# A block that is gone already is no error; any other failure ends it, and its answer is the one that counts.
def block: "\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)";
def placed: [.answers[0].body.stock_blocks[]?];
def wanting: placed as $placed | block as $block
  | [(.effect.keep // [])[] | select("\($block)/\(.)" as $ref | any($placed[]; .block_ref == $ref) | not)];

def request:
  block as $block | (.answers | length) as $done
  | if $done == 0 then { method: "GET", path: "/stock-blocks", then: true }
    else
      wanting as $wanting | ($wanting | length) as $first
      | if .status >= 300 and ($done <= $first + 1 or .status != 404) then empty
        elif $done <= $first then
          { method: "POST", path: "/stock-blocks", then: true,
            body: { item: .effect.lot.material, lot: .effect.lot.lot, reason: .effect.hold,
                    block_ref: "\($block)/\($wanting[$done - 1])", sscc: $wanting[$done - 1] } }
        else
          [(.effect.keep // [])[] | "\($block)/\(.)"] as $keep
          | [placed[]
             | select(.block_ref == $block or (.block_ref | startswith($block + "/")))
             | .block_ref as $ref | select(any($keep[]; . == $ref) | not) | .block] as $all
          | ($done - $first) as $next
          | if $next <= ($all | length) then { method: "DELETE", path: "/stock-blocks/\($all[$next - 1])", then: true } else empty end
        end
    end;

def outcome:
  (wanting | length) as $first
  | if (.status >= 200 and .status < 300) or (.status == 404 and (.answers | length) > $first + 1) then { accepted: {} }
    elif (.status == 409 or .status == 400) and (.answers | length) <= $first + 1 then
      { rejected: { code: (.body.error? // "\(.status)"), text: (.body.detail? // "a handling unit that must stay blocked was not blocked, so nothing was freed") } }
    else empty end;
