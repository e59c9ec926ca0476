"""Somebody who has used Aurora for all that there is: a row of theirs in every table, and in each text that people write something that is theirs alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.test import override_settings
from django.utils import timezone

from aurora.exports import files
from aurora.exports.models import Export
from aurora.identity import citizens, rotation
from aurora.identity.eid import Identified
from aurora.identity.models import Operator
from aurora.journeys import (
    allow_delay,
    export,
    give_feedback,
    keep_estimate,
    message_box,
    remind,
    send_mail,
    settle,
    suggest,
    training_data,
)
from aurora.journeys import raise_concern as cases
from aurora.messages.models import Mail
from aurora.twin import suggestions, write
from aurora.twin.values import NewFact
from consent import days
from consent.errors import Conflict
from consent.rules import CITIZEN
from consent.scope import citizen_scope
from recommender.models import EvaluatorVersion
from tests.concerns import talk
from tests.console import glass
from tests.corrections import dispute
from tests.portal import test_life as life
from tests.portal import test_training_page as training
from tests.pushes import pushing
from tests.support import mandated, patients
from tests.support.cast import OFFICE, REGISTER, TAX, Cast, Person, version_of
from tests.support.mail_server import MailServer, mail_server
from tests.uses import telling

HOUSEHOLD = {"household_adults": "2", "household_6_to_12": "1", "household_under_6": "2", "household_spouse_age": "34"}
LAW = "fi.police.5-58"


def own(what: str) -> str:
    """A text that nobody else has, with letters that each encoding writes in its own way."""
    return f"{what} \u00e4\u00f6\u20ac {secrets.token_hex(8)}"


@dataclass
class Lived:
    """`told`: what they and others wrote of them, by name."""

    person: Person
    told: dict[str, str] = field(repr=False, default_factory=dict)
    copy: bytes = field(repr=False, default=b"")
    passphrase: str = field(repr=False, default="")

    @property
    def id(self) -> UUID:
        return self.person.id

    def says(self, name: str) -> str:
        return self.told.setdefault(name, own(name))

    def number(self, name: str) -> int:
        """Of twelve digits: what other people's numbers are not by chance."""
        return int(self.told.setdefault(name, str(10**11 + secrets.randbelow(10**11))))


def lived(cast: Cast, version: EvaluatorVersion) -> Lived:
    """One of each, with `version` a locked model of the hospital's whose results can be kept: in the order in which somebody would come to it. The key is being replaced at the end: a former one is there too."""
    name, national_id = own("Wilhelmiina Testinen"), f"S8{secrets.randbelow(9)}0{secrets.randbelow(10**6):06}-7"
    identified = Identified(citizens.national_issuer(), national_id, name)
    person = Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), name, national_id)
    them = Lived(person)
    _mailed(them)
    _disagreement(cast, them)
    _sources(cast, them)
    _of_models(them, version)
    _agency(cast, them)
    _cases(cast, them)
    _suggested(them)
    _others(them)
    _reminded(them)
    _copied(them)
    assert rotation.begin(citizen_id=them.id, now=timezone.now())
    return them


@contextmanager
def _post() -> Iterator[MailServer]:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with (
        mail_server() as server,
        override_settings(
            EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port, EMAIL_USE_TLS=False, EMAIL_USE_SSL=False, EMAIL_TIMEOUT=5,
            AURORA_MAIL_FROM="aurora@aurora.test",
        ),
    ):  # fmt: skip
        yield server


def _mailed(them: Lived) -> None:
    """An address that was confirmed; a mail goes out and another waits."""
    address = them.told["address"] = f"w.{secrets.token_hex(8)}@example.org"
    with _post() as server:
        message_box.give_address(citizen_id=them.id, typed=address, whole=True, now=timezone.now())
        with citizen_scope(them.id):
            [mail] = Mail.objects.filter(citizen_id=them.id).values_list("pk", flat=True)
        send_mail.run(mail_id=mail)
        [sent] = server.mails
        part = sent.get_body(("plain",))
        assert part is not None
        secret = str(part.get_content()).partition("/messages/email/confirm/")[2].partition("/")[0]
        message_box.confirm_address(citizen_id=them.id, secret=secret, now=timezone.now())
        them.told["secret of the mail"] = secret


def _sources(cast: Cast, them: Lived) -> None:
    person, now = them.person, timezone.now()
    for source in (REGISTER, TAX):
        person.connect(source)
    wages = NewFact("tax.income", version_of("tax.income"), "wages", them.number("wages"), "reported", TAX, now)
    with citizen_scope(them.id):
        write.write(citizen_id=them.id, facts=[wages], now=now)
    person.allow(OFFICE)
    facts = {**pushing.GRANTED, "housing_support_amount": them.number("pushed")}
    assert pushing.came(pushing.pushed(cast, pushing.answer(person.national_id, facts=facts))) == ["taken"]
    told = {"decision": "allow", "categories": ["life.situation", "life.home", "life.household"], "end": "3"}
    life.saved(person.browser(), **told, **life.ANSWERS, **HOUSEHOLD)
    [household] = [
        one for one in settle.side_by_side(citizen_id=them.id, now=timezone.now()).standings if one.concept.code == "household_size"
    ]
    fact = next(one for one in household.said if one.source == CITIZEN)
    settle.choose(citizen_id=them.id, concept="household_size", fact_id=fact.id, now=timezone.now())


def _of_models(them: Lived, version: EvaluatorVersion) -> None:
    """What a locked model worked out, and an estimate that was kept."""
    them.person.connect(patients.HOSPITAL)
    assert patients.evaluated(them.person, version).state == "done"
    keep_estimate.keep(citizen_id=them.id, evaluator_id=version.pk, now=timezone.now())


def _reminded(them: Lived) -> None:
    """Half a year of use has passed, for the letter that tells of it."""
    consent = them.person.consents(state="given")[0]
    assert remind.remind(citizen_id=them.id, consent_id=consent.pk, now=consent.expires_at - timedelta(days=3))


def _agency(cast: Cast, them: Lived) -> None:
    """The office is let read, reads, and says what it did with it; of something it may say so only later."""
    person = them.person
    telling.read(cast, person)
    telling.reconciled(cast, person)
    use = telling.use(cast, person, action=them.says("action"), system=them.says("system"))
    delayed = telling.use(
        cast, person, action=them.says("delayed"), delay={"law": LAW, "until": (days.today() + timedelta(days=9)).isoformat()}
    )
    _may_delay(cast)
    assert telling.pushed(cast, use, delayed).status_code == 200
    telling.reconciled(cast, person)


def _may_delay(cast: Cast) -> None:
    names = [f"officer-{secrets.token_hex(4)}" for _ in range(2)]
    first, second = (Operator.objects.create(username=n, name=n, roles=["agency_officer"], password="!") for n in names)
    try:
        asked = allow_delay.ask(operator=first, agency_code=cast.office.client_id, law=LAW, reason="Investigations", now=timezone.now())
    except Conflict:  # it may already
        return
    allow_delay.approve(operator=second, permission_id=asked.pk, now=timezone.now())


def _disagreement(cast: Cast, them: Lived) -> None:
    """Two say different regions: one of them is asked to correct itself, and refuses."""
    disputed = dispute.disputed_by(cast, them.person)
    now = timezone.now()
    asked = dispute.correct.ask(
        citizen_id=them.id, fact_id=dispute.fact_of(them.person, OFFICE), right="R12", why=them.says("why"), language="en", now=now
    )
    answer = dispute.Source(cast).answer(asked, outcome="refused", text=them.says("answer to why"))
    assert answer.status_code in (200, 204), answer.content
    assert disputed.row(asked).state == "refused"


def _cases(cast: Cast, them: Lived) -> None:
    entry = talk.entry_of(them.person, "agency:twin:read")
    case = cases.raise_(citizen_id=them.id, entry_id=entry.pk, kind="unknown", text=them.says("concern"), language="en", now=timezone.now())
    answer = talk.Agency(cast).answer(case, kind="lawful", text=them.says("answer to concern"), ground="Act on benefits, 5 \u00a7")
    assert answer.status_code in (200, 204), answer.content


def _suggested(them: Lived) -> None:
    """Suggested, set aside in their own words, and learnt from."""
    person, now = them.person, timezone.now()
    suggest.suggest(citizen_id=them.id, now=now)
    with citizen_scope(them.id):
        run = suggestions.current(citizen_id=them.id)
    assert run is not None
    service = run.content["record"]["slate"][0]["service"]
    give_feedback.shown(citizen_id=them.id, run_id=run.id, services=[service], now=now)
    give_feedback.give(
        citizen_id=them.id, run_id=run.id, service=service, kind="not_for_me", why="other", words=them.says("words"), now=timezone.now()
    )
    assert training.sent(person, decision="allow", categories=["tax.income", "population.person"], end="6").status_code == 302
    dataset = training_data.begin(by=None, now=timezone.now())
    assert training_data.collect(dataset_id=dataset.pk, now=timezone.now()).made >= 1


def _others(them: Lived) -> None:
    """Somebody may act for them, and did; they may act for somebody; an operator looked without a consent; a connection was begun and left."""
    theirs = mandated.mandate(them.person, friend := mandated.attorney())
    assert mandated.acting(friend, theirs).get("/en/consents/").status_code == 200
    mandated.mandate(mandated.principal(), them.person)
    first, second = glass.officer(glass.Role.PRIVACY_OFFICER), glass.officer(glass.Role.PRIVACY_OFFICER)
    them.told["reason of the glass"] = own("The citizen rang")
    row = glass.approved(first, second, them.person, text=them.told["reason of the glass"])
    assert glass.read(first, row)


def _copied(them: Lived) -> None:
    """A copy waits to be downloaded."""
    asked = export.ask(citizen_id=them.id, language="en", now=timezone.now())
    export.run(export_id=asked.export_id)
    with citizen_scope(them.id):
        row = Export.objects.get(pk=asked.export_id)
        assert row.state == "done" and row.file_id is not None
    them.copy, them.passphrase = files.path_of(row.file_id).read_bytes(), asked.passphrase
