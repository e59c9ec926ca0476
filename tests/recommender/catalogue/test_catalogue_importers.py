"""What the importers take out of other catalogues' documents, and what they refuse, each with a sentence that says why."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.importers import hsds, ptv, reading
from recommender.catalogue.importers.fields import Fault, plain
from recommender.catalogue.importers.parsed import Parsed
from recommender.catalogue.text import Text
from recommender.errors import ImportRefused
from tests.support.imported import CHANNEL, ORGANISATION, SERVICE, SHARED, hsds_service, ptv_channel, ptv_service, typed, words


def why(parsed: Parsed) -> str:
    """The one refusal that there is."""
    assert not parsed.services
    (refused,) = parsed.refused
    return refused.why


def test_a_ptv_service_with_its_channel() -> None:
    (one,) = ptv.parse([ptv_service(), ptv_channel()]).services
    assert one.identifier == f"ptv-{SERVICE}" and one.source_id == SERVICE and one.origin == "ptv"
    assert dict(one.name.own) == {"fi": "Uimahalli", "sv": "Simhall"}
    assert one.description["sv"] == "I simhallen kan man simma året om." and one.description["en"] == one.description["fi"]
    assert one.details == Text({"fi": "Hallissa on kaksi allasta.\n\nVesi on 27-asteista."})
    assert one.how_to_apply == Text({"fi": "Osta lippu kassalta."})
    assert one.requirements == Text({"fi": "Alle 8-vuotias tarvitsee aikuisen mukaan."})
    assert (one.provider_code, one.provider["fi"]) == (f"ptv-{ORGANISATION}", "Mikkelin kaupunki")
    assert (one.areas, one.languages, one.free) == (("491",), ("fi", "sv"), False)
    assert (one.service_classes, one.target_groups, one.life_events, one.thematic_area) == (("P5.9",), ("KR1.1",), ("KE7",), "health")
    assert one.labels["KR1.1"]["en"] == "Seniors" and one.labels["health"]["sv"] == "Hälsa"
    assert one.keywords == {"en": ("aquatics",), "fi": ("Maauimala", "uinti", "vesiliikunta"), "sv": ("simning",)}
    (channel,) = one.contacts
    assert (channel.kind, channel.name["fi"], channel.web) == ("office", "Mikkelin uimahalli", "https://uimahalli.example/")
    assert (channel.phone, channel.email) == ("+358 151234567", "uinti@mikkeli.example")
    assert channel.address == Text({"fi": "Raviradantie 24, 50100 MIKKELI"}) and one.channels == ("office",)
    assert one.rule is None and one.programme is None and len(one.version) == 64


def test_ptv_answers_are_read_as_the_interface_gives_them() -> None:
    one = ptv_service()
    for documents in ([one], [[one]], [{SERVICE: one}], [{"itemList": [one]}], [one, one]):
        assert [found.identifier for found in ptv.parse(documents).services] == [f"ptv-{SERVICE}"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data do not lie beside this clone")
def test_the_real_answers_of_ptv() -> None:
    parsed = ptv.parse([reading.read(path) for path in sorted(SHARED.glob("api-v11-*.json"))])
    (service,) = parsed.services
    assert service.name["fi"] == "Nettilukio aikuisille" and service.areas == () and service.free is True
    assert [one.name["fi"] for one in service.contacts] == ["Otavan Opisto / Otavia"]
    assert parsed.links_left_out == 4  # http://
    (refused,) = parsed.refused
    assert "Yksilöllistetty oppimäärä" in refused.who and refused.why == "There is no municipality with the code '123'."


def test_where_a_ptv_service_is_given() -> None:
    def areas(**fields):
        return ptv.parse([ptv_service(**fields)]).services[0].areas

    assert areas(areaType="Nationwide", areas=[]) == ()
    assert "491" in areas(areaType="NationwideExceptAlandIslands", areas=[]) and "478" not in areas(
        areaType="NationwideExceptAlandIslands", areas=[]
    )
    region = {"type": "Region", "code": "10", "municipalities": [{"code": "491"}, {"code": "213"}, {"code": "491"}]}
    assert areas(areas=[region]) == ("491", "213")


def test_what_its_publisher_does_not_offer_is_not_taken() -> None:
    parsed = ptv.parse([ptv_service(publishingStatus="Deleted")])
    assert not parsed.services and not parsed.refused and parsed.not_offered == (SERVICE,)
    assert hsds.parse([hsds_service(status="defunct")]).not_offered == (hsds_service()["id"],)
    assert ptv.parse([ptv_service(), ptv_channel(publishingStatus="Draft")]).services[0].contacts == ()


def test_an_hsds_service() -> None:
    (one,) = hsds.parse([hsds_service()]).services
    assert one.identifier == f"hsds-{hsds_service()['id']}" and one.origin == "hsds"
    assert one.name == Text({"en": "Debt advice"}) and one.name.written("fi") == "en"
    assert one.requirements == Text({"en": "For everyone with debts. Age: 18–."})
    assert one.how_to_apply == Text({"en": "Book a time by phone."}) and one.provider == Text({"en": "Advice Centre"})
    assert (one.areas, one.languages, one.free) == (("049",), ("en", "so"), True)
    assert (one.valid_from, one.valid_until) == (date(2026, 1, 1), date(2027, 6, 30))
    assert (one.service_classes, one.thematic_area, one.keywords) == (("P15.2",), "finance", {"en": ("Money clinic", "Budgeting")})
    assert [(c.kind, c.phone, c.web) for c in one.contacts] == [
        ("online", "", "https://advice.example/debt"),
        ("phone", "+358 9 1234567", ""),
        ("office", "+358 9 7654321", ""),
    ]
    assert one.contacts[2].address == Text({"en": "Kulttuuriaukio 2, 02100 Espoo"})
    assert "Persona" not in str(one), "named persons are not the catalogue's business"


def test_hsds_comes_as_a_service_a_list_a_page_and_within_its_organisation() -> None:
    one = hsds_service()
    organisation = {**one.pop("organization"), "services": [one]}
    page = {"total_items": 1, "total_pages": 1, "contents": [hsds_service()]}
    for document in (hsds_service(), [hsds_service()], page, organisation, [organisation], {"contents": [organisation]}):
        assert len(hsds.parse([document]).services) == 1


def test_hsds_areas_by_code_by_address_and_where_only_words_say_it_by_the_one_who_imports() -> None:
    def areas(*given, otherwise=()):
        return hsds.parse([hsds_service(service_areas=list(given))], areas=otherwise)

    assert areas({"id": "a", "extent": "091", "extent_type": "municipality"}).services[0].areas == ("091",)
    assert areas({"id": "a", "uri": "https://codes.example/kunta/491"}).services[0].areas == ("491",)
    assert areas({"id": "a", "name": "åbo"}).services[0].areas == ("853",)
    assert areas().services[0].areas == ()
    assert "--areas" in why(areas({"id": "a", "name": "The greater area"}))
    assert areas({"id": "a", "name": "The greater area"}, otherwise=("049", "091")).services[0].areas == ("049", "091")


CLASS = {"name": words(fi="A"), "code": "P1", "uri": "urn:a", "parentUri": "urn:b"}
BROKEN_PTV = [
    ({"id": "1; DROP TABLE"}, "id is no UUID"),
    ({"id": None}, "id is no UUID"),
    ({"id": ["x"]}, "id must be text"),
    ({"serviceNames": []}, "no name in Finnish, Swedish or English"),
    ({"serviceNames": typed("Name", ru="Бассейн")}, "no name in Finnish, Swedish or English"),
    ({"serviceNames": typed("Name", fi="<script>alert(1)</script>")}, "no name"),
    ({"serviceNames": typed("Name", fi="x" * 201)}, "more than 200 characters"),
    ({"serviceNames": "Uimahalli"}, "serviceNames must be a list of objects"),
    ({"serviceNames": [["Name"]]}, "serviceNames must be a list of objects"),
    ({"serviceNames": [{"language": "fi", "type": "Name", "value": 7}]}, "value must be text"),
    ({"serviceDescriptions": []}, "no description"),
    ({"areaType": "LimitedType", "areas": []}, "Where it is given is not said"),
    ({"areaType": "Elsewhere"}, "Where it is given is not said"),
    ({"areas": [{"municipalities": [{"code": "999"}]}]}, "no municipality with the code '999'"),
    ({"areas": [{"municipalities": [{"code": "49"}]}]}, "no municipality with the code '49'"),
    ({"languages": "fi"}, "languages must be a list"),
    ({"languages": ["suomi"]}, "code of ISO 639"),
    ({"organizations": []}, "No organisation is responsible"),
    ({"serviceClasses": [{"code": "P1 <b>", "name": words(fi="A")}]}, "codes of letters"),
    ({"serviceClasses": [CLASS, {**CLASS, "uri": "urn:b", "parentUri": "urn:a"}]}, "is part of itself"),
    ({"targetGroups": [{**CLASS, "code": "KR1", "parentUri": "urn:a"}]}, "is part of itself"),
    ({"keywords": [{"value": "a", "language": "fi"}] * 2001}, "more than 2000 entries"),
    ({"requirements": {"fi": "x"}}, "requirements must be a list of objects"),
    ({"serviceNames": typed("Name", fi="Puo\ud800li")}, "half a character"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN_PTV, ids=[says for _, says in BROKEN_PTV])
def test_a_broken_ptv_service_is_refused_by_name_and_the_others_are_taken(change, says) -> None:
    other = ptv_service(id="90000000-0000-4000-8000-000000000009")
    parsed = ptv.parse([ptv_service(**change), other])
    assert [one.source_id for one in parsed.services] == [other["id"]]
    (refused,) = parsed.refused
    assert says in refused.why and refused.who


BROKEN_HSDS = [
    ({"id": ""}, "id is missing"),
    ({"description": None}, "no description"),
    ({"status": "open"}, "status must be one of"),
    ({"organization": None}, "The organisation has no name"),
    ({"minimum_age": "18"}, "minimum_age must be a number"),
    ({"minimum_age": -1}, "minimum_age must be a number"),
    ({"minimum_age": 30, "maximum_age": 20}, "highest age is below"),
    ({"schedules": [{"valid_from": "2026-12-01", "valid_to": "2026-11-01"}]}, "ends (2026-11-01) before it begins"),
    ({"schedules": [{"valid_from": "yesterday"}]}, "valid_from is no day"),
    ({"service_areas": [{"extent_type": "municipality", "extent": "000"}]}, "no municipality with the code '000'"),
    ({"attributes": [{"taxonomy_term": {"id": "T", "parent_id": "T", "name": "Loop"}}]}, "is part of itself"),
    ({"attributes": [{"taxonomy_term": "P1"}]}, "taxonomy_term must be an object"),
    ({"languages": [{"code": "E N"}]}, "code of ISO 639"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN_HSDS, ids=[says for _, says in BROKEN_HSDS])
def test_a_broken_hsds_service_is_refused(change, says) -> None:
    assert says in why(hsds.parse([hsds_service(**change)]))


def test_one_identifier_for_two_services_takes_neither() -> None:
    parsed = ptv.parse([ptv_service(), ptv_service(serviceNames=typed("Name", fi="Toinen"))])
    assert why(parsed) == "The same identifier is given to different services."
    assert hsds.parse([hsds_service(id="A b"), hsds_service(id="a-b", name="Other")]).refused == ()


def test_links_are_https_to_a_named_host_or_are_left_out() -> None:
    bad = [
        "http://a.example",
        "javascript:alert(1)",
        "https://user@a.example",
        "https://localhost/",
        'https://a.example/" onclick="x',
        "https://a.example/ b",
        "//a.example",
        "data:text/html,x",
        "https://ä.example",
        "https://a.example/" + "x" * 2000,
    ]
    for address in bad:
        parsed = ptv.parse([ptv_service(), ptv_channel(webPages=[{"url": address}])])
        assert parsed.services[0].contacts[0].web == "" and parsed.links_left_out == 1, address
        assert all(one.web == "" for one in hsds.parse([hsds_service(url=address)]).services[0].contacts), address
    email = ptv_channel(
        emails=[{"value": "a@b.example?bcc=c@d.example"}, {"value": "a@b.example\nx"}],
        phoneNumbers=[{"type": "Phone", "number": "+358<b>"}],
    )
    (contact,) = ptv.parse([ptv_service(), email]).services[0].contacts
    assert (contact.email, contact.phone) == ("", "")


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ("<p>Yksi</p><p>kaksi</p>", "Yksi\nkaksi"),
        ("a<script>alert(1)</script>b", "ab"),
        ("a<style>p{}</style>b", "ab"),
        ("a &lt;img src=x onerror=alert(1)&gt; b", "a b"),
        ("&amp;lt;b&amp;gt;x", "x"),
        ('<a href="javascript:x">linkki</a>', "linkki"),
        ("<!-- x -->a", "a"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("R&D", "R&D"),
        ("a\u202eb\u200bc\0d\x1be", "abcde"),
        ("a  b\t c\r\n\n\n\nd", "a b c\n\nd"),
        ("e\u0301", "é"),
    ],
)
def test_texts_are_plain(raw, left) -> None:
    assert plain(raw, 100) == left


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&;/!abclst gript=\"'#x3\n-"), max_size=60))
def test_nothing_that_opens_a_tag_is_left_of_any_text(raw) -> None:
    try:
        left = plain(raw, 100)
    except Fault:
        return
    assert not any(f"<{sign}" in left for sign in "abclst/!?")


def test_a_text_that_is_too_long_is_cut_at_a_word() -> None:
    cut = plain("sana " * 3000, 100)
    assert len(cut) <= 100 and cut.endswith("sana…")
    assert len(plain("x" * 10_000_000, 100)) <= 101


UNREADABLE = [
    (b"{", "is no JSON: line 1"),
    (b"[NaN]", "NaN is no number"),
    (b"[-Infinity]", "-Infinity is no number"),
    (b"[1e999]", "a number is too large"),
    (b"[" + b"9" * 5000 + b"]", "cannot be read"),
    (b'{"a": 1, "a": 2}', "the key 'a' is given twice"),
    (b"\xff\xfe{}", "is not UTF-8"),
    (b"[" * 41 + b"]" * 41, "nested more than 40 deep"),
    (b"[" * 200_000, "nested more than 40 deep"),
    (b'{"a":' * 200_000, "nested more than 40 deep"),
]


@pytest.mark.parametrize(("content", "says"), UNREADABLE, ids=[says for _, says in UNREADABLE])
def test_a_document_that_is_not_sound_json_is_refused_whole(content, says) -> None:
    with pytest.raises(ImportRefused, match="x.json") as refused:
        reading.parse(content, "x.json")
    assert says in refused.value.sentence


def test_a_file_of_two_gigabytes_is_refused_without_being_read(tmp_path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)  # sparse: takes no room
    with pytest.raises(ImportRefused, match="larger than 64 MB"):
        reading.read(path)
    with pytest.raises(ImportRefused, match="cannot be opened"):
        reading.read(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("parse", "document", "says"),
    [
        (ptv.parse, {"pageNumber": 1, "itemList": [{"id": SERVICE, "name": "x"}]}, "page of identifiers"),
        (ptv.parse, hsds_service(), "neither a service nor a service channel"),
        (ptv.parse, [1], "must be an object"),
        (ptv.parse, "x", "must be an object"),
        (ptv.parse, None, "must be an object"),
        (hsds.parse, ptv_service(), "no service of HSDS"),
        (hsds.parse, {"contents": [3]}, "must be an object"),
        (hsds.parse, {"id": "o", "name": "o", "services": ["x"]}, "services must be a list of objects"),
    ],
)
def test_a_document_of_another_kind_is_refused_whole(parse, document, says) -> None:
    with pytest.raises(ImportRefused, match=says):
        parse([document])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_value_in_any_field_is_taken_or_refused_with_a_sentence(data) -> None:
    for parse, document in ((ptv.parse, ptv_service()), (ptv.parse, ptv_channel()), (hsds.parse, hsds_service())):
        # Without its names it would be no channel at all.
        field = data.draw(st.sampled_from(sorted(document.keys() - {"serviceChannelNames"})))
        document[field] = data.draw(JSON)
        documents = [ptv_service(), document] if "serviceChannelNames" in document else [document]
        try:
            parsed = parse(json.loads(json.dumps(documents)))
        except ImportRefused:
            continue
        assert len(parsed.services) + len(parsed.refused) + len(parsed.not_offered) == 1


def test_the_channel_is_found_by_its_identifier_in_any_case() -> None:
    assert ptv.parse([ptv_service(), ptv_channel(id=CHANNEL.upper())]).services[0].contacts
