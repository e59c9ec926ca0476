"""The console's page of what is fetched from sources."""

from datetime import timedelta

from aurora.ui import words
from aurora.ui.contexts.queues import FailingRow, FreshnessRow, QueueRow, QueuesPage
from aurora.ui.contexts.shared import Text
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

USUALLY = FreshnessRow(None, 24)


def console() -> list[Example]:
    def failing(source: str, name: Text, error: str, count: int, broken: int = 0, only_citizen: bool = False) -> FailingRow:
        since = p.NOW - timedelta(days=2)
        return FailingRow(
            source, name, p.INCOME.name, str(words.pull_error_to_officers(error)), error, count, broken, since, p.NOW, only_citizen
        )

    busy = QueuesPage(
        sources=(
            QueueRow(
                "tax-administration", p.TAX, True, 2, 4_998, 4, 31_204, p.NOW - timedelta(hours=3), a_second=2.5, at_once=4,
                freshness=(FreshnessRow(p.INCOME.name, 168), USUALLY), connector=str(words.connector("xroad")), pause=30,
                last_success_at=p.NOW, half_took="0.4", most_took="2.1", certificate_ends_at=p.NOW + timedelta(days=12), certificate_needs=True,
            ),
            QueueRow("population-register", p.REGISTER, True, 0, 0, 0, 0, failures=3, freshness=(USUALLY,), connector=str(words.connector("json_oauth")), signs=True),
            QueueRow(
                "social-insurance", p.INSURANCE, True, 1, 220, 0, 0, left_alone_since=p.NOW - timedelta(minutes=40),
                retry_at=p.NOW + timedelta(minutes=4), failures=23, freshness=(FreshnessRow(None, 1),),
            ),
            QueueRow("hospital", p.OFFICE, False, 0, 0, 0, 0, freshness=(USUALLY,)),
        ),
        failing=(
            failing("tax-administration", p.TAX, "invalid_answer", 1_204),
            failing("social-insurance", p.INSURANCE, "revoked", 17, 17),
            failing("population-register", p.REGISTER, "wrong_citizen", 1, 1, only_citizen=True),
        ),
        retry_url="/console/sources/retry/",
    )  # fmt: skip
    return [
        Example("console-sources", "console/sources.html", "console/sources/", busy, name_shown="olli"),
        Example("console-sources-none", "console/sources.html", "console/sources/", QueuesPage((), ()), name_shown="olli"),
    ]
