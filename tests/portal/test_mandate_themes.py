"""What a theme meant when a power of attorney was offered is what it opens, whatever the theme comes to mean."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from aurora.journeys import delegate
from aurora.twin.queries import categories_held
from consent import mandates, themes
from consent.models import Mandate
from consent.rules.mandates import Theme
from consent.scope import citizen_scope
from tests.support.cast import Cast, Person
from tests.support.mandated import acting, attorney, mandate, principal, row, somebody, terms


def become(monkeypatch: pytest.MonkeyPatch, **changed: Theme) -> None:
    """The next release of `themes.json`."""
    now = {**themes.themes(), **changed}
    monkeypatch.setattr(themes, "themes", lambda: now)


def seen(face: Any) -> set[str]:
    return {str(group.category.code) for group in face.get("/en/my-data/").context["page"].groups}


def scope(viewer: Person, made: Any) -> frozenset[str]:
    found = mandates.load(mandate_id=made, viewer=viewer.id)
    assert found is not None
    return mandates.scope_of(found[1]).categories


def test_a_theme_that_grows_stretches_no_mandate_and_one_that_shrinks_narrows_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    aamu, valto, sijo = principal(), attorney(), somebody("Sijo Sijainen")
    made = mandate(aamu, valto, "family", may_delegate=True)
    before = scope(valto, made)
    family = themes.themes()["family"]
    become(monkeypatch, family=replace(family, categories=family.categories | {"tax.income"}))
    assert scope(valto, made) == before == {"population.person", "population.household"}
    assert "tax.income" not in seen(acting(valto, made))
    with citizen_scope(aamu.id):
        assert "tax.income" in categories_held(citizen_id=aamu.id), "there was something to see"
    passed = delegate.pass_on(attorney_id=valto.id, mandate_id=made, identifier=sijo.national_id, terms=terms("family"), now=timezone.now())
    assert row(aamu, passed).meant == row(aamu, made).meant, "nor what is passed on of it"
    assert "tax.income" in seen(acting(valto, mandate(aamu, valto, "family"))), "a new one is of the new meaning"
    become(monkeypatch, family=replace(family, categories=frozenset({"population.person"})))
    assert scope(valto, made) == {"population.person"}


def test_the_database_keeps_the_meaning_too(cast: Cast) -> None:
    aamu, valto, sijo = principal(), attorney(), somebody("Sijo Sijainen")
    made = mandate(aamu, valto, "family", may_delegate=True)
    wider = {"family": {"categories": ["tax.income"], "purposes": []}}
    with citizen_scope(aamu.id):
        with pytest.raises(DatabaseError, match="not widened"), transaction.atomic():
            Mandate.objects.filter(pk=made).update(meant=wider)
        parent = Mandate.objects.get(pk=made)
        with pytest.raises(DatabaseError, match="as far as it reaches"), transaction.atomic():
            Mandate.objects.create(
                principal_id=aamu.id, attorney_id=sijo.id, kind="power_of_attorney", state="standing", themes=["family"], meant=wider,
                not_before=parent.not_before, expires_at=parent.expires_at, created_at=timezone.now(), parent=parent,
            )  # fmt: skip
        now = timezone.now()
        with pytest.raises(DatabaseError, match="keeps_its_meaning"), transaction.atomic():
            Mandate.objects.create(
                principal_id=aamu.id, attorney_id=sijo.id, kind="power_of_attorney", state="standing", themes=["family"], not_before=now,
                expires_at=now + timedelta(days=1), created_at=now,
            )  # fmt: skip


def test_those_from_before_mean_what_the_themes_meant_then() -> None:
    """The migration has its own list, so that whenever it is applied no theme has grown meanwhile; themes of today hold all of it."""
    meant = importlib.import_module("consent.migrations.0014_meaning_of_themes").MEANT
    was, now = {t.code: t for t in themes.of_kept(meant)}, themes.themes()
    assert themes.kept(was.values()) == meant and "health" in was
    assert all(theme.categories <= now[code].categories and theme.purposes <= now[code].purposes for code, theme in was.items())
