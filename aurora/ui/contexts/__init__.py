"""What each page is told: one frozen dataclass a page, plain values only, filled by the views.

A view renders `render(request, "portal/home.html", {"page": HomePage(...)})`: the template sees one variable, `page`.
The template's name stands in each page's docstring. Conventions, once for all:

- `Text` is `{"fi": ..., "sv": ..., "en": ...}` (names and descriptions of agencies, purposes, categories, services,
  facts): the template picks the language. A `str` is shown as it is: a sentence already translated (see
  `aurora.ui.words`) or a value.
- Times are aware `datetime`s in any zone, shown in the active zone; dates are `date`s. Formatting is the template's
  job.
- `*_url` is a ready path. An empty string means that there is no such page, and the template leaves the link out.
- Forms: the `name` of each control stands in the page's docstring; the value comes back as the item's `code`. On
  error render the same page again with `errors`, and with `checked` / `value` as they were sent. `FieldError.field`
  is the control's name.
- Nothing here is ticked unless the citizen ticked it: `checked` defaults to False and must stay so on a first view.

The layout (navigation, language switch, who is signed in) comes from `aurora.ui.layout`, not from here; the name beside
"Sign out" is `request.display_name`.
"""

from aurora.ui.contexts.activity import (
    ActivityPage,
    DayGroup,
    EntryPage,
    FilterOption,
    LogPosition,
    PeriodSummary,
)
from aurora.ui.contexts.clients import (
    AgenciesPage,
    AgencyListRow,
    AgencyPage,
    ClientCard,
    ClientChoice,
    ClientFormPage,
    ClientState,
    ClientStatePage,
    DraftPage,
    DraftRow,
    DraftState,
    ValueRow,
)
from aurora.ui.contexts.consents import (
    AgencyConsentPage,
    Availability,
    ConsentEventView,
    ConsentPage,
    ConsentsPage,
    ConsentState,
    ConsentView,
    InvalidRequestPage,
    RequestedCategory,
    WithdrawnPage,
    WithdrawPage,
)
from aurora.ui.contexts.console import (
    AgencyRole,
    AgencyRow,
    ConsoleOverviewPage,
    ConsoleSignInPage,
    EnrolPage,
    Health,
    PurposeCount,
    SecondFactorPage,
    SourceRow,
    StateCount,
)
from aurora.ui.contexts.data import (
    FactGroup,
    FactRow,
    MyDataPage,
    Provenance,
)
from aurora.ui.contexts.entrance import (
    HomePage,
    LandingPage,
    Need,
    NeedKind,
    NewsItem,
    SignInErrorPage,
)
from aurora.ui.contexts.errors import (
    ErrorPage,
)
from aurora.ui.contexts.mandates import (
    ActingOverPage,
    ActingRefusedPage,
    MandateCard,
    MandateEventView,
    MandateOfferPage,
    MandatePage,
    MandateRevokePage,
    MandatesPage,
    MandateState,
    ThemeChoice,
)
from aurora.ui.contexts.messages import (
    EmailConfirmPage,
    EmailPage,
    MessageLink,
    MessagePage,
    MessageRow,
    MessagesPage,
)
from aurora.ui.contexts.receipts import (
    ReceiptPage,
    ReceiptRow,
)
from aurora.ui.contexts.shared import (
    AgainView,
    Banner,
    CategoryView,
    ChangeView,
    EntryKind,
    EntryView,
    FactLabel,
    FieldError,
    NoticeKind,
    NoticePart,
    Pagination,
    PurposeView,
    Text,
)
from aurora.ui.contexts.sources import (
    CategoryChoice,
    ConnectPage,
    EndChoice,
    PullPage,
    PullStep,
    PullStepState,
    PurposeChoice,
    SourcesPage,
    SourceState,
    SourceView,
)
from aurora.ui.contexts.suggestions import (
    Eligibility,
    ReasonView,
    SuggestionsPage,
    SuggestionView,
    UnknownView,
)

__all__ = [
    "ActingOverPage",
    "ActingRefusedPage",
    "ActivityPage",
    "AgainView",
    "AgenciesPage",
    "AgencyConsentPage",
    "AgencyListRow",
    "AgencyPage",
    "AgencyRole",
    "AgencyRow",
    "Availability",
    "Banner",
    "CategoryChoice",
    "CategoryView",
    "ChangeView",
    "ClientCard",
    "ClientChoice",
    "ClientFormPage",
    "ClientState",
    "ClientStatePage",
    "ConnectPage",
    "ConsentEventView",
    "ConsentPage",
    "ConsentState",
    "ConsentView",
    "ConsentsPage",
    "ConsoleOverviewPage",
    "ConsoleSignInPage",
    "DayGroup",
    "DraftPage",
    "DraftRow",
    "DraftState",
    "Eligibility",
    "EmailConfirmPage",
    "EmailPage",
    "EndChoice",
    "EnrolPage",
    "EntryKind",
    "EntryPage",
    "EntryView",
    "ErrorPage",
    "FactGroup",
    "FactLabel",
    "FactRow",
    "FieldError",
    "FilterOption",
    "Health",
    "HomePage",
    "InvalidRequestPage",
    "LandingPage",
    "LogPosition",
    "MandateCard",
    "MandateEventView",
    "MandateOfferPage",
    "MandatePage",
    "MandateRevokePage",
    "MandateState",
    "MandatesPage",
    "MessageLink",
    "MessagePage",
    "MessageRow",
    "MessagesPage",
    "MyDataPage",
    "Need",
    "NeedKind",
    "NewsItem",
    "NoticeKind",
    "NoticePart",
    "Pagination",
    "PeriodSummary",
    "Provenance",
    "PullPage",
    "PullStep",
    "PullStepState",
    "PurposeChoice",
    "PurposeCount",
    "PurposeView",
    "ReasonView",
    "ReceiptPage",
    "ReceiptRow",
    "RequestedCategory",
    "SecondFactorPage",
    "SignInErrorPage",
    "SourceRow",
    "SourceState",
    "SourceView",
    "SourcesPage",
    "StateCount",
    "SuggestionView",
    "SuggestionsPage",
    "Text",
    "ThemeChoice",
    "UnknownView",
    "ValueRow",
    "WithdrawPage",
    "WithdrawnPage",
]
