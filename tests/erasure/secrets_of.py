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
    from aurora.twin.read import fact_context
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
        }}
        for fact in Fact.objects.filter(citizen_id=who):
            told["sealed " + str(fact.pk)] = bytes(fact.sealed).hex()
            value = vault.open_sealed(fact.sealed, citizen_id=who, context=fact_context(fact.pk, fact.category, fact.key))
            if len(value) >= 5 and value.isdigit():  # words such as "married" are the vocabulary's too
                told["value of " + fact.category + "." + fact.key] = value.hex()
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
