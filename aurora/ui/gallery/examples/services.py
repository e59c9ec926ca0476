"""The service catalogue: search with filters, a service of our own, one from elsewhere in one language, and one that is gone."""

from datetime import date

from aurora.ui import catalogue_words, formats
from aurora.ui.contexts import Choice, Clause, ContactView, FilterView, LinkedService, ServicePage, ServiceRow, ServicesPage, Text, Written
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

_NAME = p.text("Asumistuki", "Bostadsstöd", "Housing assistance")
_DESCRIPTION = p.text(
    "Tuki vuokraan tai muihin asumismenoihin, kun kotitalouden tulot ovat pienet.",
    "Stöd för hyra eller andra boendekostnader när hushållets inkomster är små.",
    "Help with rent or other housing costs when the household's income is low.",
)
_APPLY = p.text("Tee hakemus verkkopalvelussa.", "Ansök i e-tjänsten.", "Apply in the online service.")
_LIFE = p.text("Muutto", "Flytt", "Moving")


def pages() -> list[Example]:
    language = formats.language()

    def said(text: Text) -> Written:
        return Written(text[language])

    def finnish(text: str) -> Written:
        return Written(text, "" if language == "fi" else "fi")

    only_in = "" if language == "fi" else catalogue_words.only_in("fi")
    rows = (
        ServiceRow(
            said(_NAME), said(_DESCRIPTION), said(p.OFFICE), catalogue_words.everywhere(), catalogue_words.channel("online"), "/services/a/"
        ),
        ServiceRow(
            finnish("Asumisneuvonta"),
            finnish("Neuvoja vuokra-asumisesta ja riidoista naapurien kesken."),
            finnish("Mikkelin kaupunki"),
            catalogue_words.in_municipalities(("Hirvensalmi", "Kangasniemi", "Mikkeli"), 4),
            ", ".join(catalogue_words.channel(one) for one in ("phone", "office")),
            "/services/b/",
            only_in,
        ),
    )
    filters = tuple(
        FilterView(
            name,
            catalogue_words.filter_label(name),
            (Choice("x", _LIFE[language], name == "life"), Choice("y", _NAME[language])),
            "/services/?q=asuminen" if name == "life" else "",
        )
        for name in catalogue_words.filters()
    )
    found = ServicesPage(
        "asuminen",
        rows,
        42,
        21,
        filters,
        True,
        "/services/",
        previous_url="?q=asuminen",
        next_url="?q=asuminen&page=3",
        without_query_url="/services/?life=x",
    )
    misspelt = ServicesPage(
        "asumine apu", rows[:1], 1, 1, (), True, "/services/", instead="asuminen apu", loose=True, without_query_url="/services/"
    )
    nothing = ServicesPage("xyzzy", (), 0, 1, filters, True, "/services/", without_query_url="/services/?life=x")
    wages = catalogue_words.compared(
        "<=", p.WAGES.label[language], f"{formats.number(20000)} + {formats.number(10000)} × {p.SIZE.label[language]}"
    )
    age = catalogue_words.compared(">=", p.CHILDREN.label[language], "1")
    sight = catalogue_words.compared("==", p.SIGHT.label[language], catalogue_words.yes_or_no(truth=True))
    ours = ServicePage(
        name=said(_NAME),
        services_url="/services/",
        description=said(_DESCRIPTION),
        rule=Clause("all", parts=(Clause("condition", wages), Clause("any", parts=(Clause("condition", age), Clause("condition", sight))))),
        weighed=True,
        how_to_apply=said(_APPLY),
        provider=said(p.OFFICE),
        channels=", ".join(catalogue_words.channel(one) for one in ("online", "office")),
        area=catalogue_words.everywhere(),
        spoken=", ".join(catalogue_words.spoken(one) for one in ("fi", "sv", "en")),
        topics=(said(_LIFE),),
        related=(LinkedService(finnish("Asumisneuvonta"), "/services/b/"),),
        origin=catalogue_words.origin("house"),
        version="b6c1f7f2a900",
        data_url="/services/a.jsonld",
        why_url="/suggestions/why/a/",
    )
    theirs = ServicePage(
        name=finnish("Asumisneuvonta"),
        services_url="/services/",
        only_in=only_in,
        not_now=catalogue_words.not_yet(formats.day(date(2026, 12, 1))),
        description=finnish("Neuvoja vuokra-asumisesta ja riidoista naapurien kesken."),
        details=finnish("Neuvoja antaa kaupungin asumisneuvoja.\n\nNeuvonta on luottamuksellista."),
        requirements=finnish("Palvelu on tarkoitettu vuokralla asuville."),
        how_to_apply=finnish("Soita tai tule käymään ilman ajanvarausta."),
        provider=finnish("Mikkelin kaupunki"),
        contacts=(
            ContactView(
                catalogue_words.channel("office"),
                finnish("Mikkelin kaupungin asiakaspalvelu"),
                web="https://example.org/asumisneuvonta",
                phone="+358 15 1941",
                email="neuvonta@example.org",
                address=finnish("Maaherrankatu 9–11, 50100 MIKKELI"),
            ),
            ContactView(catalogue_words.channel("phone"), finnish("Asumisneuvojan puhelin"), phone="+358 15 1942"),
        ),
        channels=", ".join(catalogue_words.channel(one) for one in ("office", "phone")),
        area=catalogue_words.in_municipalities(("Hirvensalmi", "Kangasniemi", "Mikkeli"), 1),
        areas=("Hirvensalmi", "Kangasniemi", "Mikkeli", "Mäntyharju"),
        spoken=catalogue_words.spoken("fi"),
        cost=catalogue_words.cost(free=True),
        valid_from=date(2026, 12, 1),
        valid_until=date(2027, 12, 31),
        origin=catalogue_words.origin("ptv"),
        version="0d9e4c11a3f2",
        data_url="/services/b.jsonld",
    )
    gone = ServicePage(name=said(_NAME), services_url="/services/", gone=True)
    return [
        Example("services", "portal/services.html", "services/", found),
        Example("services-misspelt", "portal/services.html", "services/", misspelt, signed_in=False),
        Example("services-none", "portal/services.html", "services/", nothing),
        Example("service", "portal/service.html", "services/a/", ours),
        Example("service-imported", "portal/service.html", "services/b/", theirs, signed_in=False),
        Example("service-gone", "portal/service.html", "services/a/", gone, signed_in=False),
    ]
