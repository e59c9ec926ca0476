"""Builds the committed extract of households from the CPS file that the `taxcalc` distribution carries (CC0).

    python -m recommender.training.build_extract taxcalc-6.8.0.tar.gz

Reads the sdist or wheel without installing it. Same archive, same bytes out: the sample is seeded, the gzip carries no
time and no name. See data/DATA_CARD.md for every field and for what the labels are not.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.errors import DatasetError
from recommender.facts import OF_SOURCES, PROGRAMMES
from recommender.training.households import COLUMNS, EXTRACT

HOUSEHOLDS = 20_000
SEED = 20_261_124
MEMBER = "taxcalc/cps.csv.gz"

# fact name -> CPS column, for facts that are summed over the tax units of a household.
SUMMED = {
    "household_size": "XTOT",
    "children_under_6": "nu06",
    "children_under_13": "nu13",
    "children_under_18": "nu18",
    "young_adults_18_20": "n1820",
    "adults_21_and_over": "n21",
    "elderly_dependants": "elderly_dependents",
    "wages": "e00200",
    "self_employment": "e00900",
    "farm_income": "e02100",
    "interest": "e00300",
    "dividends": "e00600",
    "private_pension": "e01500",
    "maintenance_received": "e00800",
    "home_loan_interest": "e19200",
    "property_tax": "e18500",
    "child_care_costs": "e32800",
    "student_loan_interest": "e03210",
    "medical_expenses": "e17500",
    "public_pension": "e02400",
    "unemployment_benefit": "e02300",
}
LABELS = dict(
    zip(
        PROGRAMMES,
        ("snap_ben", "housing_ben", "ssi_ben", "tanf_ben", "vet_ben", "wic_ben", "mcaid_ben", "mcare_ben"),
        strict=True,
    )
)
# MARS 3 (married, filing separately) is married too, but its tax unit does not hold the spouse.
MARITAL = {1: "single", 2: "married", 3: "married", 4: "single_parent"}
ADULT = 18


def read_cps(archive: Path) -> pd.DataFrame:
    """The tax units of `taxcalc/cps.csv.gz` inside an sdist (.tar.gz) or wheel (.whl)."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            raw = wheel.read(MEMBER)
    else:
        with tarfile.open(archive) as sdist:
            names = [name for name in sdist.getnames() if name.endswith("/" + MEMBER)]
            member = sdist.extractfile(names[0]) if names else None
            if member is None:
                raise DatasetError(f"The archive has no {MEMBER}.")
            raw = member.read()
    return pd.read_csv(io.BytesIO(gzip.decompress(raw)))


def households(units: pd.DataFrame) -> pd.DataFrame:
    """One row a household with the columns of `COLUMNS` but the first, from the point of view of its head."""
    units = units.sort_values(["FLPDYR", "h_seq", "a_lineno", "RECID"], kind="stable")
    grouped = units.groupby(["FLPDYR", "h_seq"], sort=True)
    head, total = grouped.first(), grouped.sum()
    rows = pd.DataFrame(index=head.index)
    for fact, column in SUMMED.items():
        rows[fact] = total[column].round().astype("int64")
    minors = rows["children_under_18"] + rows["young_adults_18_20"]
    marital = head["MARS"].map(MARITAL)
    # MARS 4 also covers people who keep house for adult dependants: a single parent has someone under 21 at home.
    rows["marital_status"] = marital.where((head["MARS"] != 4) | (minors > 0), "single")
    rows["age"] = head["age_head"].astype("int64")
    rows["region"] = head["fips"].map(lambda code: f"R{int(code):02d}")
    rows["visual_impairment"] = head["blind_head"].astype("int64")
    spouse = head["MARS"] == 2
    rows["spouse_age"] = head["age_spouse"].astype("Int64").where(spouse)
    rows["spouse_visual_impairment"] = head["blind_spouse"].astype("Int64").where(spouse)
    for programme, column in LABELS.items():
        rows[programme] = (total[column] > 0).astype("int64")
    return rows[within_vocabulary(rows)]


def within_vocabulary(rows: pd.DataFrame) -> pd.Series:
    """True where the head is an adult and every number lies within the bounds of its fact."""
    fits = rows["age"] >= ADULT
    for fact in OF_SOURCES:
        if pd.api.types.is_numeric_dtype(rows[fact.name]):
            fits &= rows[fact.name].isna() | rows[fact.name].between(fact.minimum, fact.maximum)
    return fits.astype(bool)


def sample(rows: pd.DataFrame, size: int = HOUSEHOLDS, seed: int = SEED) -> pd.DataFrame:
    """`size` households drawn uniformly without replacement, shuffled so that the row number says nothing."""
    chosen = np.random.Generator(np.random.PCG64(seed)).choice(len(rows), size=size, replace=False)
    extract = rows.iloc[chosen].reset_index(drop=True)
    extract.insert(0, "household", range(size))
    return extract[list(COLUMNS)]


def write(extract: pd.DataFrame, path: Path) -> None:
    """CSV, gzipped without time or name, so that the same rows give the same bytes."""
    text = extract.to_csv(index=False, lineterminator="\n").encode("ascii")
    path.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", type=Path, help="taxcalc sdist or wheel")
    parser.add_argument("--out", type=Path, default=EXTRACT)
    parser.add_argument("--households", type=int, default=HOUSEHOLDS, help="how many to draw, at most all that fit (default: %(default)s)")
    arguments = parser.parse_args()
    rows = households(read_cps(arguments.archive))
    extract = sample(rows, min(arguments.households, len(rows)))
    write(extract, arguments.out)
    print(f"{len(extract)} households, {arguments.out.stat().st_size} bytes: {arguments.out}")


if __name__ == "__main__":
    main()
