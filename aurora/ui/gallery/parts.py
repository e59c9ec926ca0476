"""The pieces that the examples are made of: a citizen who is nobody, at a fixed moment."""

from datetime import UTC, date, datetime, timedelta

from aurora.ui import formats, words
from aurora.ui.contexts import (
    CategoryView,
    ConsentState,
    ConsentView,
    Eligibility,
    EntryView,
    FactLabel,
    NoticePart,
    PurposeView,
    ReasonView,
    SuggestionView,
    Text,
    UnknownView,
)
from consent import summary, terms
from consent.terms import Identity, Period, Term

NOW = datetime(2026, 11, 24, 7, 5, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def text(fi: str, sv: str, en: str) -> Text:
    return {"fi": fi, "sv": sv, "en": en}


REGISTER = text("Väestörekisteri", "Befolkningsregistret", "Population Register")
TAX = text("Verohallinto", "Skatteförvaltningen", "Tax Administration")
INSURANCE = text("Kansanvakuutus", "Folkförsäkringen", "Social Insurance")
OFFICE = text("Etuusvirasto", "Förmånsverket", "Benefits Office")
FORMER_OFFICE = text("Asumistukitoimisto", "Bostadsstödsbyrån", "Housing Support Office")

CHILDREN = FactLabel("children_under_6", text("Alle 6-vuotiaat lapset", "Barn under 6 år", "Children under 6"))
SIZE = FactLabel("household_size", text("Talouden koko", "Hushållets storlek", "Household size"))
WAGES = FactLabel("wages", text("Palkkatulot", "Löneinkomster", "Wages"))
BUSINESS = FactLabel("self_employment", text("Yrittäjätulot", "Företagsinkomster", "Self-employment income"))
SIGHT = FactLabel("visual_impairment", text("Näkövamma", "Synnedsättning", "Visual impairment"))

HOUSEHOLD = CategoryView(
    "population.household",
    text("Kotitalous", "Hushåll", "Household"),
    text(
        "Keitä taloudessasi asuu: lapsia, nuoria, aikuisia ja hoidettavia vanhuksia, sekä puolison ikä.",
        "Vilka som bor i ditt hushåll: barn, unga, vuxna och äldre som du försörjer samt makens ålder.",
        "Who lives in your household: children, young people, adults and older dependants, and your spouse's age.",
    ),
    (SIZE, CHILDREN),
)
INCOME = CategoryView(
    "tax.income",
    text("Tulot", "Inkomster", "Income"),
    text(
        "Taloutesi verotetut tulot vuodessa: palkat, yritystulot, korot, osingot ja eläkkeet.",
        "Ditt hushålls beskattade inkomster per år: löner, företagsinkomster, räntor, utdelningar och pensioner.",
        "Your household's taxed income in a year: wages, self-employment, interest, dividends and pensions.",
    ),
    (WAGES, BUSINESS),
)
DISABILITY = CategoryView(
    "social.disability",
    text("Vammaisuus", "Funktionsnedsättning", "Disability"),
    text(
        "Rekisteröity näkövamma sinulla tai puolisollasi.",
        "Registrerad synnedsättning hos dig eller din make.",
        "A registered visual impairment, yours or your spouse's.",
    ),
    (SIGHT,),
    sensitive=True,
)

OVERVIEW = PurposeView(
    "own-overview",
    text("Omien tietojen katselu", "Visa mina egna uppgifter", "See my data in one place"),
    text(
        "Aurora hakee tiedot ja säilyttää ne salattuina, jotta näet ne yhdessä paikassa. Kukaan muu ei näe niitä.",
        "Aurora hämtar uppgifterna och förvarar dem krypterade så att du ser dem på ett ställe. Ingen annan ser dem.",
        "Aurora fetches the data and keeps it encrypted so that you can see it in one place. Nobody else sees it.",
    ),
    text(
        "Tiedot jäävät viranomaiselle, etkä näe niitä Aurorassa.",
        "Uppgifterna stannar hos myndigheten och du ser dem inte i Aurora.",
        "The data stays with the agency and you do not see it in Aurora.",
    ),
)
SUGGEST = PurposeView(
    "service-suggestions",
    text("Palveluehdotukset", "Förslag på tjänster", "Service suggestions"),
    text(
        "Aurora vertaa tietojasi julkisiin palveluihin ja ehdottaa niitä, jotka voisivat auttaa, ja kertoo miksi.",
        "Aurora jämför dina uppgifter med offentliga tjänster, föreslår sådana som kan hjälpa dig och berättar varför.",
        "Aurora compares your data with public services, suggests those that could help you and says why.",
    ),
    text(
        "Ehdotuksissa ei käytetä näitä tietoja.",
        "Dessa uppgifter används inte i förslagen.",
        "Suggestions are made without this data.",
    ),
)
BENEFIT = PurposeView(
    "benefit-application",
    text("Etuushakemuksen käsittely", "Behandling av förmånsansökan", "Handling your benefit application"),
    text(
        "Virasto tarkistaa, onko sinulla oikeus hakemaasi etuuteen.",
        "Myndigheten kontrollerar om du har rätt till förmånen du söker.",
        "The office checks whether you are entitled to the benefit you apply for.",
    ),
    text(
        "Voit toimittaa tiedot itse paperilla. Hakemuksen käsittely voi kestää kauemmin.",
        "Du kan lämna uppgifterna själv på papper. Behandlingen kan ta längre tid.",
        "You can hand in the information on paper yourself. Handling may take longer.",
    ),
)


def entry(event: str, who: Text, minutes: int, *categories: Text, purpose: Text | None = None, code: str = "") -> EntryView:
    """An entry so many minutes ago; `code` makes it a refusal."""
    access = event.split(":")[1] in ("twin", "pull", "evaluation")
    return EntryView(
        id=f"e{minutes}",
        kind=words.event_kind(event),
        title=str(words.event_title(event)),
        who=who,
        at=NOW - timedelta(minutes=minutes),
        url="/activity/e/",
        categories=categories,
        purpose=purpose or {},
        consent_url="" if code == "no_consent" else "/consents/c/",
        allowed=(not code) if access else None,
        refusal=str(words.refusal(code)) if code else "",
    )


def entries() -> tuple[EntryView, ...]:
    return (
        entry("agency:twin:refused", OFFICE, 3, INCOME.name, purpose=BENEFIT.name, code="consent_withdrawn"),
        entry("citizen:consent:withdrawn", words.YOU, 4, INCOME.name, HOUSEHOLD.name, purpose=BENEFIT.name),
        entry("agency:twin:read", OFFICE, 26, INCOME.name, HOUSEHOLD.name, purpose=BENEFIT.name),
        entry("aurora:twin:suggested", words.AURORA, 55, INCOME.name, HOUSEHOLD.name, purpose=SUGGEST.name),
        entry("aurora:pull:completed", words.AURORA, 1500, HOUSEHOLD.name, purpose=OVERVIEW.name),
        entry("citizen:source:connected", words.YOU, 1501, HOUSEHOLD.name, purpose=OVERVIEW.name),
    )


def consent(state: ConsentState, recipient: Text, purpose: PurposeView, *, source: Text | None = None) -> ConsentView:
    active = state is ConsentState.ACTIVE
    return ConsentView(
        id="c",
        recipient=recipient,
        purposes=(purpose.name,),
        categories=(HOUSEHOLD.name, INCOME.name),
        given_at=NOW - timedelta(days=9),
        until=date(2027, 5, 24),
        state=state,
        url="/consents/c/",
        source=source or {},
        withdraw_url="/consents/c/withdraw/" if active else "",
        accesses_url="/activity/?consent=c",
        ended_at=None if active else NOW - timedelta(days=1),
        summary=_in_short(state, recipient, purpose, source or {}),
    )


_STANDINGS = {
    ConsentState.ACTIVE: summary.Standing.GIVEN,
    ConsentState.DECLINED: summary.Standing.REFUSED,
    ConsentState.REPLACED: summary.Standing.REPLACED,
}


def _in_short(state: ConsentState, recipient: Text, purpose: PurposeView, source: Text) -> tuple[str, ...]:
    code = formats.language()
    kind = summary.Kind.FETCH if source else summary.Kind.OWN if recipient == words.AURORA else summary.Kind.ACCESS
    standing = _STANDINGS.get(state, summary.Standing.OVER)
    said = summary.Said(kind, standing, recipient[code], source.get(code, ""), purpose.name[code], data_names(), date(2027, 5, 24))
    return summary.sentences(said, language=code)


def suggestions() -> tuple[SuggestionView, ...]:
    language = ("fi", "sv", "en").index(formats.language())
    because = (
        (
            "Taloudessasi on kaksi alle 6-vuotiasta lasta.",
            "I ditt hushåll finns två barn under 6 år.",
            "There are two children under 6 in your household.",
        ),
        (
            "Taloutesi palkkatulot ovat pienet talouden kokoon nähden.",
            "Hushållets löner är små i förhållande till hushållets storlek.",
            "Your household's wages are low for its size.",
        ),
    )
    return (
        SuggestionView(
            "mother-and-child-nutrition",
            text("Äitien ja lasten ravitsemustuki", "Näringsstöd för mödrar och barn", "Mother and child nutrition"),
            text(
                "Terveellistä ruokaa ja ravitsemusneuvontaa perheille, joissa on pieniä lapsia.",
                "Hälsosam mat och kostrådgivning för familjer med små barn.",
                "Healthy food and advice on nutrition for families with small children.",
            ),
            Eligibility.LIKELY,
            (
                ReasonView(because[0][language], CHILDREN.label, REGISTER),
                ReasonView(because[1][language], WAGES.label, TAX),
            ),
            text(
                "Varaa aika lähimmästä neuvolasta. Päätöksen saat kahdessa viikossa.",
                "Boka tid på närmaste rådgivning. Du får beslut inom två veckor.",
                "Book a time at the nearest family clinic. You get a decision within two weeks.",
            ),
            INSURANCE,
            otherwise=(
                "Tätä ei enää ehdotettaisi, jos taloutesi palkkatulot olisivat yli 65 000 kruunua vuodessa.",
                "Detta skulle inte längre föreslås om ditt hushålls löneinkomster var över 65 000 kronor per år.",
                "This would no longer be suggested if your household's wages were above 65,000 crowns a year.",
            )[language],
            url="/services/mother-and-child-nutrition/",
            why_url="/suggestions/why/mother-and-child-nutrition/",
        ),
        SuggestionView(
            "transport-for-visually-impaired",
            text("Kuljetuspalvelu näkövammaisille", "Färdtjänst för synskadade", "Transport for visually impaired people"),
            text(
                "Matkoja taksilla linja-auton hinnalla.",
                "Resor med taxi till bussens pris.",
                "Journeys by taxi for the price of a bus.",
            ),
            Eligibility.UNKNOWN,
            (),
            text("Täytä hakemus verkossa.", "Fyll i ansökan på nätet.", "Fill in the application online."),
            INSURANCE,
            (UnknownView(SIGHT.label, INSURANCE, "/sources/social-insurance/connect/"),),
        ),
        SuggestionView(
            "energy-advice",
            text("Energianeuvonta", "Energirådgivning", "Energy advice"),
            text(
                "Maksutonta neuvontaa kodin lämmityksestä.",
                "Gratis rådgivning om uppvärmning av hemmet.",
                "Free advice on heating your home.",
            ),
            Eligibility.NO_RULE,
            (ReasonView(because[1][language], WAGES.label, TAX),),
            text("Soita neuvontaan.", "Ring rådgivningen.", "Call the advice line."),
            explored=True,
            url="/services/energy-advice/",
            why_url="/suggestions/why/energy-advice/",
        ),
    )


def data_names(*categories: CategoryView) -> tuple[str, ...]:
    return tuple(category.name[formats.language()] for category in categories or (HOUSEHOLD, INCOME))


def connect_terms(*categories: CategoryView) -> dict[str, NoticePart]:
    """What a citizen is told before connecting, in the active language."""
    period, data = Period(TODAY, date(2027, 11, 24)), data_names(*categories)
    return _parts(terms.connect(language=formats.language(), source=TAX[formats.language()], period=period, data=data))


def estimate_terms() -> dict[str, NoticePart]:
    """What a citizen is told before other models may use an estimate, in the active language."""
    name = text("Leikkauksen riskiarvio", "Riskbedömning inför operation", "Estimate of the risks of surgery")[formats.language()]
    return _parts(terms.estimate(language=formats.language(), category=name, period=Period(TODAY, date(2027, 11, 24)), data=(name,)))


def access_terms(*categories: CategoryView, once: bool = False, until: date = date(2027, 2, 24)) -> dict[str, NoticePart]:
    """What a citizen is told before an agency may read, in the active language."""
    code, service = formats.language(), text("Asumistukihakemus", "Ansökan om bostadsstöd", "Housing assistance application")
    period = Period(TODAY, until, once)
    return _parts(
        terms.access(
            language=code,
            recipient=OFFICE[code],
            service=service[code],
            purpose=BENEFIT.name[code],
            period=period,
            data=data_names(*categories),
        )
    )


def identity(*, former: bool = False) -> NoticePart:
    """Who the office is by law, in the active language; `former`: before it was merged into another."""
    code = formats.language()
    name, number = (FORMER_OFFICE, "0000001-9") if former else (OFFICE, "0000002-7")
    who = Identity(name[code], number, "SX", "https://office.example/data")
    said = terms.connect(language=code, source="", period=Period(TODAY, TODAY), identity=who)
    return _parts(said)["identity"]


def notice() -> tuple[NoticePart, ...]:
    """The same as it is kept, with one kind of data."""
    return _kept(connect_terms(), SUGGEST)


def access_notice() -> tuple[NoticePart, ...]:
    """What an agency asked, as it is kept."""
    return _kept(access_terms(until=date(2027, 5, 24)), BENEFIT)


def _kept(said: dict[str, NoticePart], purpose: PurposeView) -> tuple[NoticePart, ...]:
    language = formats.language()
    why = NoticePart(purpose.name[language], (purpose.description[language],))
    data = NoticePart(INCOME.name[language], (INCOME.description[language],), tuple(f.label[language] for f in INCOME.facts))
    return (said["asks"], why, said["onward"], data, *(said[c] for c in ("frequency", "in_force", "not_shared", "on_decline")))


def _parts(said: tuple[Term, ...]) -> dict[str, NoticePart]:
    return {t.code: NoticePart(t.heading, t.sentences) for t in said}
