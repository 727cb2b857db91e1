# IDoc XML to SAP, goods movements: MBGMCR03, one material document a posting. Our reference stands in REF_DOC_NO, which has room
# for exactly it. From the tables: `plant`, `unit`, `location` and, for the control record, `idoc` with `sender`, `sender_port`,
# `receiver`, `receiver_port` and `client`. A confirmation of work is another message with an agreement of its own at every site,
# so it is refused here, and parked for a person, rather than guessed.
def size: split(" ")[0] | ltrimstr("-");
def is_negative: startswith("-");
def unit($t): split(" ")[1] | ($t.unit[.]? // .);
def is_receipt: .effect.posting.movement == "goods_receipt";
def day: gsub("-"; "");
def filled: [.[] | select(.[keys[0]] != null and .[keys[0]] != "")];

def movement($line):
  (if is_receipt then (if ($line.series.output // "main") == "main" then ["101", "102"] else ["531", "532"] end) else ["261", "262"] end)
  | .[if $line.qty | is_negative then 1 else 0 end];

def item($line):
  .tables as $t | .effect as $e | movement($line) as $type
  | { E1BP2017_GM_ITEM_CREATE: { "@SEGMENT": "1", ">": ([
      { MATERIAL: $line.series.material }, { PLANT: ($t.plant[$e.plant]? // $e.plant) },
      { STGE_LOC: (if is_receipt then $t.location.finished? else $t.location.raw? end) }, { BATCH: $line.series.lot },
      { MOVE_TYPE: $type }, { STCK_TYPE: (if is_receipt then { quality_inspection: "X", blocked: "S" }[$line.series.status] else null end) },
      { ENTRY_QNT: ($line.qty | size) }, { ENTRY_UOM: ($line.qty | unit($t)) }, { ORDERID: $e.erp_order },
      { MVT_IND: (if is_receipt and ($type == "101" or $type == "102") then "F" else null end) } ] | filled) } };

def control:
  .tables.idoc as $i
  | { EDI_DC40: { "@SEGMENT": "1", ">": ([{ TABNAM: "EDI_DC40" }, { MANDT: $i.client? }, { DIRECT: "2" }, { IDOCTYP: "MBGMCR03" }, { MESTYP: "MBGMCR" },
      { SNDPOR: $i.sender_port? }, { SNDPRT: "LS" }, { SNDPRN: $i.sender? }, { RCVPOR: $i.receiver_port? }, { RCVPRT: "LS" }, { RCVPRN: $i.receiver? }] | filled) } };

def document:
  . as $in | .effect.posting as $p
  | if $p.movement == "confirmation" then error("MBGMCR03 moves goods, and this is a confirmation of work: give it a mapping of your own") else . end
  | { MBGMCR03: { IDOC: { "@BEGIN": "1", ">": [control, { E1MBGMCR: { "@SEGMENT": "1", ">": ([
      { E1BP2017_GM_HEAD_01: { "@SEGMENT": "1", ">": ([{ PSTNG_DATE: ($p.date | day) }, { DOC_DATE: ($p.original_date // $p.date | day) },
        { REF_DOC_NO: .reference }, { HEADER_TXT: (if $p.original_date then "happened \($p.original_date)" else null end) }] | filled) } },
      { E1BP2017_GM_CODE: { "@SEGMENT": "1", GM_CODE: (if is_receipt then "02" else "03" end) } }]
      + [$p.lines[] as $line | $in | item($line)]) } }] } } };

# The system numbers its own document; here it is known by our reference, which that one carries.
def file: { name: "MBGMCR03", body: document, document: .reference };
def request: { method: "POST", path: (.tables.path.post? // "/"), as: "xml", body: document };
def outcome: if .status >= 200 and .status < 300 then { accepted: { document: .reference } } else empty end;
