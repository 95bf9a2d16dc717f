"""A process that writes entries into a log and says which are acknowledged, until it is killed or refused.

``python -m tests.serve._writer LOG NAME COUNT [LIMIT]``: one line for each acknowledged entry; a last line with the code of
what stopped it. LIMIT bounds the size of any file it writes, as a full disk would.
"""

import resource
import sys

from retaliation_risk.errors import RetaliationRiskError
from retaliation_risk.serve.log import Entry, EventLog, body_of


def entry(name, number):
    body = body_of({"customer_id": name, "amount": float(number), "ordered_at": number, "note": "x" * 200})
    return Entry(f"{name}-{number}", "orders", body, name, known_at=number, received_at=number)


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(address, name, count, limit=None):
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        log = EventLog.open(address, "default")
        for number in range(int(count)):
            log.append([entry(name, number)])
            say(f"{name}-{number}")
        say("done")
    except RetaliationRiskError as error:
        say(error.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
