"""What two readers that were not written here make of interchanges: pydifact (EDIFACT) and pyx12 (X12).

Called as `readers.py read|write KIND FILE`. `read` prints the segments, each a list of elements, each of them a text or a list of components;
it fails on whatever the reader calls wrong. `write` has the library write an interchange of its own.
"""

import json
import sys


def read_edifact(path):
    from pydifact.segmentcollection import Interchange

    with open(path, encoding="iso-8859-1") as file:
        interchange = Interchange.from_str(file.read())
    interchange.validate()
    for message in interchange.get_messages():
        message.validate()
    return [[segment.tag, *segment.elements] for segment in interchange.segments]


def read_x12(path):
    from pyx12.x12file import X12Reader

    segments, wrong = [], []
    with open(path, encoding="ascii") as file:
        reader = X12Reader(file)
        for segment in reader:
            elements = []
            for place in range(1, len(segment) + 1):
                whole = segment.get(f"{place:02}")
                elements.append([part.get_value() for part in whole.elements] if whole.is_composite() and len(whole) > 1 else whole.format())
            segments.append([segment.get_seg_id(), *elements])
            wrong += reader.pop_errors()
        reader.cleanup()
        wrong += reader.pop_errors()
    if wrong:
        sys.exit(f"pyx12: {wrong}")
    return segments


def write_edifact(path):
    from pydifact.segmentcollection import Interchange, Message
    from pydifact.segments import Segment

    interchange = Interchange(
        syntax_identifier=("UNOC", "3"), sender="4012345000009", recipient="4098765000004", control_reference="IC7",
        timestamp=__import__("datetime").datetime(2026, 11, 24, 6, 0),
    )
    message = Message(reference_number="1", identifier=("DESADV", "D", "96A", "UN"))
    message.add_segment(Segment("BGM", "351", "ASN+1", "9"))
    message.add_segment(Segment("FTX", "AAI", "", "", ["a:b", "it's 5? no"]))
    interchange.add_message(message)
    with open(path, "w", encoding="iso-8859-1") as file:
        file.write(interchange.serialize())


def write_x12(path):
    from pyx12.segment import Segment
    from pyx12.x12file import X12Writer

    with open(path, "w", encoding="ascii") as file:
        writer = X12Writer(file, "~", "*", ">", "\n")
        for text in [
            "ISA*00*          *00*          *ZZ*NORDPLANT      *01*123456789      *261124*0600*U*00401*000000007*0*P*>~",
            "GS*SH*NORDPLANT*123456789*20261124*0600*7*X*004010~",
            "ST*856*0001~",
            "BSN*00*ASN-1*20261124*0600~",
            "HL*1**S~",
        ]:
            writer.Write(Segment(text, "~", "*", ">"))
        writer.Close()


if __name__ == "__main__":
    what, kind, path = sys.argv[1:]
    if what == "read":
        print(json.dumps({"edifact": read_edifact, "x12": read_x12}[kind](path)))
    else:
        {"edifact": write_edifact, "x12": write_x12}[kind](path)
