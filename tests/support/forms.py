"""A browser without JavaScript, over plain HTTP: follows redirects, keeps cookies, fills forms in. Many of them cost little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

# Nobody serves it: a browser that is told to stop there never asks for it.
NOBODY = "http://nobody.invalid"


def plain_client() -> httpx.Client:
    """For loopback: no proxy, and no certificates to load, which would take most of a test's time."""
    return httpx.Client(timeout=90, trust_env=False, verify=False)


@dataclass
class Form:
    """`fields` is what would be sent as the page stands, `choices` the values of each group of boxes, ticked or not."""

    action: str
    method: str
    fields: dict[str, str | list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def knows(self, names: set[str]) -> bool:
        return names <= set(self.fields) | set(self.choices)


class _Forms(HTMLParser):
    """The forms of a page; a button's label is under the key `label`."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        elif tag == "input" and self.forms:
            self._input(self.forms[-1], values)
        elif tag == "button" and self.forms:
            self._button = {"name": values.get("name", ""), "value": values.get("value", ""), "label": ""}
            self.forms[-1].buttons.append(self._button)

    def _input(self, form: Form, values: dict[str, str]) -> None:
        name, value = values.get("name", ""), values.get("value", "")
        if values.get("type") not in ("checkbox", "radio"):
            form.fields[name] = value
            return
        form.choices.setdefault(name, []).append(value)
        if "checked" in values:
            form.fields[name] = [*form.fields.get(name, []), value]

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button["label"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._button = None


class Browser:
    """Follows redirects until one leads to `stop_at`, keeps cookies, presses buttons."""

    def __init__(self, stop_at: str = NOBODY, language: str = "en") -> None:
        self.http = plain_client()
        self.http.headers["Accept-Language"] = language
        self.stop_at = stop_at
        self.page: httpx.Response | None = None
        self.arrived = ""

    def open(self, url: str) -> Browser:
        return self._follow(self.http.get(url))

    def press(self, label: str, **values: str | Sequence[str]) -> Browser:
        """Presses the first button whose label contains `label`, with the values filled in."""
        for form in self.forms():
            for button in form.buttons:
                if label in button["label"] and form.knows(set(values)):
                    data = {**form.fields, **values}
                    if button["name"]:
                        data[button["name"]] = button["value"]
                    target = urljoin(self.url, form.action)
                    if form.method.lower() == "get":
                        return self._follow(self.http.get(target, params=data))
                    return self._follow(self.http.post(target, data=data, headers={"Referer": self.url}))
        raise AssertionError(f"no button {label!r} on the page {self.url}: {self.text[:2000]}")

    def post(self, url: str, data: dict[str, str | list[str]]) -> Browser:
        """Send a form's fields, whatever stands in its page."""
        return self._follow(self.http.post(url, data=data, headers={"Referer": self.url}))

    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.text

    @property
    def status(self) -> int:
        assert self.page is not None
        return self.page.status_code

    @property
    def url(self) -> str:
        assert self.page is not None
        return str(self.page.url)

    @property
    def answer(self) -> dict[str, str]:
        """The query of the address at which the client's redirect URI was reached."""
        assert self.arrived, f"the browser did not come back: {self.url} {self.text[:2000]}"
        return {name: values[0] for name, values in parse_qs(urlsplit(self.arrived).query).items()}

    def close(self) -> None:
        self.http.close()

    def _follow(self, response: httpx.Response) -> Browser:
        self.arrived = ""
        for _ in range(12):
            self.page = response
            if response.status_code not in (302, 303):
                return self
            url = urljoin(str(response.url), response.headers["Location"])
            if url.startswith(self.stop_at):
                self.arrived = url
                return self
            response = self.http.get(url)
        raise AssertionError("redirects without end")
