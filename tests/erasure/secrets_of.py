"""What is a citizen's own, in the clear, taken from a running Aurora before it is erased: values, salts, key. Run by `manage.py shell`."""

from __future__ import annotations

import json
import textwrap
from uuid import UUID

from tests.support.stack import Stack

CODE = textwrap.dedent("""
    import json
    from uuid import UUID
    from aurora.identity import citizens, keys, vault
    from aurora.identity.models import Citizen, DataKey
    from aurora.twin.models import Fact
    from aurora.twin.sealing import opened
    from consent.ledger import queries as ledger
    from consent.scope import citizen_scope
    from functools import partial
    who = UUID("{who}")
    with citizen_scope(who):
        person, key = Citizen.objects.get(pk=who), DataKey.objects.get(pk=who)
        told = {{
            "name": citizens.name_of(person).encode().hex(),
            "national id": vault.open_sealed(person.national_id_sealed, citizen_id=who, context=b"national-id").hex(),
            "subject hmac": bytes(person.subject_hmac).hex(),
            "wrapped key": bytes(key.wrapped).hex(),
            "data key": keys.open_for_platform(key.wrapped, context=b"data-key:" + who.bytes).hex(),
            "wrapped marking key": bytes(key.marking_wrapped).hex(),
            "marking key": keys.open_for_platform(key.marking_wrapped, context=b"marking-key:" + who.bytes).hex(),
        }}
        for fact in Fact.objects.filter(citizen_id=who):
            told["sealed " + str(fact.pk)] = bytes(fact.sealed).hex()
            key, value = opened(fact, citizen_id=who)
            text = json.dumps(value).encode()
            if len(text) >= 5 and text.isdigit():  # words such as "married" are the vocabulary's too
                told["value of " + fact.category + "." + key] = text.hex()
            if "." in key:  # names such as "wages" are the vocabulary's too; codes of illnesses are in no file of ours
                told["key " + key] = key.encode().hex()
        for entry in ledger.entries_for(who, limit=1000):
            opened = ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=who))
            told["salt of " + str(entry.seq)] = opened.salt.hex()
    print("TOLD" + json.dumps(told))
""")


def secrets_of(stack: Stack, citizen_id: UUID) -> dict[str, bytes]:
    """By name. Sealed facts are there as a proof that the scan finds what is on the disk, not as what must go: nobody can open them."""
    said = stack.manage("shell", "-c", CODE.format(who=citizen_id)).stdout
    line = next(line for line in said.splitlines() if line.startswith("TOLD"))
    return {name: bytes.fromhex(value) for name, value in json.loads(line[4:]).items()}
