"""Erasure: choosing, before, meanwhile, the certificate, and leaving."""

from datetime import timedelta

from aurora.ui import erasure_words as words
from aurora.ui import formats
from aurora.ui.contexts import (
    EraseChoice,
    EraseConfirmPage,
    ErasePage,
    ErasurePage,
    ErasureRow,
    HeldRow,
    KeptByLaw,
    LeavePage,
    PastErasure,
    StaysRow,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

SHA = "3024f909632c619e10e6b74b3c0f2cd88ba1e19df4d265f6072c3509c3c97397"


def pages() -> list[Example]:
    later = p.NOW + timedelta(days=30)
    counts = (("training", 1), ("suggestions", 4), ("facts", 1204))
    rows = tuple(ErasureRow(words.part(name), words.number(number)) for name, number in counts)
    all_gone = tuple(
        ErasureRow(words.part(n), words.number(k)) for n, k in (*counts, ("consents", 31), ("log", 217), ("key", 1), ("account", 1))
    )
    held = (
        HeldRow(p.OFFICE, (p.INCOME.name, p.HOUSEHOLD.name), p.NOW, words.held("asked"), later),
        HeldRow(p.FORMER_OFFICE, (p.INCOME.name,), p.NOW, words.held("kept"), later, p.NOW, (KeptByLaw(p.INCOME.name, "Etuuslaki 12 §"),)),
    )
    choose = ErasePage(
        (EraseChoice(p.REGISTER, "/s/"), EraseChoice(p.TAX, "/s/")), (EraseChoice(p.HOUSEHOLD.name, "/c/"), EraseChoice(p.INCOME.name, "/c/")),
        (PastErasure(words.title("category"), p.INCOME.name, p.NOW, "/e/"),), "/leave/", "/my-data/",
    )  # fmt: skip
    confirm = EraseConfirmPage(
        words.title("category"),
        p.INCOME.name,
        rows,
        (p.text("Palveluehdotukset", "Serviceförslag", "Suggestions"),),
        (p.OFFICE,),
        held,
        "/erase/",
    )
    nothing = EraseConfirmPage(words.title("source"), p.TAX, (), (), (), (), "/erase/")
    language = formats.language()
    under_way = ErasurePage(
        words.title("source"), p.TAX, words.state("running"), True, rows, (), (), p.NOW, None, language, back_url="/erase/"
    )  # fmt: skip
    done = ErasurePage(
        words.title("everything"), {}, "", False, all_gone, held,
        tuple(StaysRow(*words.stays(code, days=30)) for code in ("commitments", "certificate", "models", "backups", "pages", "number")),
        p.NOW - timedelta(days=30), p.NOW, language, (words.key_destroyed(1, p.NOW),), p.NOW, SHA, "/c.jwt", "/c.jsonld", "/oauth/jwks",
        not_named=str(words.NOT_NAMED), kept_until=p.NOW + timedelta(days=360),
    )  # fmt: skip
    address = "https://aurora.example/en/erasures/certificate/PvfB9cXJm5w0H0q2mVvXWzv8A5Wb0l1v1b3l1f5k2yA/"
    leave = LeavePage(rows, held, "/sign-in/", "/erase/")
    found = (
        ("erase", "erase", choose),
        ("erase-confirm", "erase_confirm", confirm),
        ("erase-confirm-nothing", "erase_confirm", nothing),
        ("erasure-under-way", "erasure", under_way),
        ("erasure-certificate", "erasure", done),
        ("leave", "leave", leave),
        ("leave-fresh", "leave", LeavePage(rows, held, "/sign-in/", "/erase/", fresh=True)),
        ("leave-under-way", "leave", LeavePage(rows, (), "", "", under_way=True, due_at=later, certificate_url=address, progress=words.state("waiting"))),
    )  # fmt: skip
    address_of = {"erase": "erase/", "erase_confirm": "erase/source/x/", "erasure": "erasures/x/", "leave": "leave/"}
    return [Example(name, f"portal/{template}.html", address_of[template], page) for name, template, page in found]
