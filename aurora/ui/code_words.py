"""What codes of illnesses and procedures are called, for those that the sandbox's records use: ICD-10 and SNOMED CT, in plain words.

Everything else is shown as its source wrote it, in whatever language that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ICD10: Final = {
    "C61": ("Eturauhassyöpä", "Prostatacancer", "Malignant neoplasm of prostate"),
    "E11.9": (
        "Tyypin 2 diabetes ilman komplikaatioita",
        "Diabetes typ 2 utan komplikationer",
        "Type 2 diabetes mellitus without complications",
    ),
    "E78.0": ("Kohonnut kolesteroli", "Förhöjt kolesterol", "Pure hypercholesterolaemia"),
    "G43.9": ("Migreeni, tarkemmin määrittämätön", "Migrän, ospecificerad", "Migraine, unspecified"),
    "I10": ("Kohonnut verenpaine (essentiaalinen)", "Högt blodtryck (essentiellt)", "Essential (primary) hypertension"),
    "I20.9": ("Rasitusrintakipu, tarkemmin määrittämätön", "Kärlkramp, ospecificerad", "Angina pectoris, unspecified"),
    "J03.9": ("Äkillinen nielurisatulehdus, tarkemmin määrittämätön", "Akut tonsillit, ospecificerad", "Acute tonsillitis, unspecified"),
    "J18.9": ("Keuhkokuume, tarkemmin määrittämätön", "Lunginflammation, ospecificerad", "Pneumonia, unspecified"),
    "J20.9": (
        "Äkillinen keuhkoputkitulehdus, tarkemmin määrittämätön",
        "Akut luftrörskatarr, ospecificerad",
        "Acute bronchitis, unspecified",
    ),
    "J45.9": ("Astma, tarkemmin määrittämätön", "Astma, ospecificerad", "Asthma, unspecified"),
    "K21.9": (
        "Refluksitauti ilman ruokatorven tulehdusta",
        "Refluxsjukdom utan inflammation i matstrupen",
        "Gastro-oesophageal reflux disease without oesophagitis",
    ),
    "M10.9": ("Kihti, tarkemmin määrittämätön", "Gikt, ospecificerad", "Gout, unspecified"),
    "M16.1": ("Lonkan nivelrikko, muu primaarinen", "Höftledsartros, annan primär", "Other primary coxarthrosis"),
    "M17.9": ("Polven nivelrikko, tarkemmin määrittämätön", "Knäledsartros, ospecificerad", "Gonarthrosis, unspecified"),
    "M54.5": ("Alaselän kipu", "Ländryggssmärta", "Low back pain"),
    "N30.0": ("Äkillinen virtsarakon tulehdus", "Akut inflammation i urinblåsan", "Acute cystitis"),
    "O24.4": ("Raskausajan diabetes", "Graviditetsdiabetes", "Diabetes mellitus arising in pregnancy"),
    "S93.4": ("Nilkan nyrjähdys", "Vrickning av fotleden", "Sprain and strain of ankle"),
}
_SNOMED: Final = {
    "11466000": ("Keisarileikkaus", "Kejsarsnitt", "Caesarean section"),
    "54885007": ("Kaihileikkaus", "Operation av grå starr", "Extraction of cataract"),
    "73761001": ("Paksusuolen tähystys", "Koloskopi", "Colonoscopy"),
    "80146002": ("Umpilisäkkeen poisto", "Borttagning av blindtarmen", "Appendectomy"),
    "173422009": ("Nielurisojen poisto", "Borttagning av halsmandlarna", "Tonsillectomy"),
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    f"{system}.{code}": dict(zip(("fi", "sv", "en"), words, strict=True))
    for system, codes in (("icd10", _ICD10), ("snomed", _SNOMED))
    for code, words in codes.items()
}


def of(key: str, said: str) -> Mapping[str, str]:
    """What a source said of a fact such as `icd10.J45.9`, in all three languages.

    Empty for a code that we have no words for, and where the source wrote something else than these: what it meant is its own to say.
    """
    found = _WORDS.get(key, {})
    return found if said in found.values() else {}
