# Whether a partner could read what we sent (CONTRL), and could do something with it (APERAK): what was refused is a case, and nothing of
# it was done.
def text: if type == "array" then join(" ") else . end;
def refused:
  .segments as $all
  | if .type == "CONTRL" then
      [$all[] | select((.[0] == "UCI" and .[4] == "4") or (.[0] == "UCM" and .[3] == "4"))] as $no
      | if ($no | length) == 0 then empty
        else error("the partner could not read our interchange \($no[0][1] | text): \([$no[] | map(text) | join("+")] | join("; ")); see code list 0085 of EDIFACT") end
    else
      [$all[] | select(.[0] == "ERC" or .[0] == "FTX") | .[1:] | map(text) | join(" ")] as $why
      | [$all[] | select(.[0] == "RFF") | .[1] | text] as $what
      | if ($all | any(.[0] == "ERC")) then error("the partner refused \($what | join(", ")): \($why | join("; "))") else empty end
    end;
def inputs:
  .body[].groups[].messages[]
  | if .type == "CONTRL" or .type == "APERAK" then refused else error("a message of type \(.type) is not known here") end;
