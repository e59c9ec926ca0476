"""Help, and the page of rights. See the package for the conventions."""

from dataclasses import dataclass

from aurora.ui.contexts.concerns import Complain
from aurora.ui.help import Topic


@dataclass(frozen=True, slots=True)
class HelpPage:
    """`portal/help.html`: all topics."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class HelpTopicPage:
    """`portal/help_topic.html` and `portal/rights.html`: one topic, and the others. `complain`: where a citizen can."""

    topic: Topic
    others: tuple[Topic, ...]
    complain: Complain
