"""README.rst and the guides can be rendered, lead to what is there, and are as short as they should be."""

import re
from functools import cache
from urllib.parse import urldefrag, urlsplit

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from tests.support.programs import ROOT
from tests.support.readme import DOCUMENTS, TEXT

GUIDES = [document for document in DOCUMENTS if document != "README.rst"]
BEGINS_A_TABLE = re.compile(r" *=+( +=+)+\n")
_WARNING = 2

each_document = pytest.mark.parametrize("document", DOCUMENTS)
each_guide = pytest.mark.parametrize("document", GUIDES)


@cache
def parsed(document: str) -> nodes.document:
    """The document as docutils reads it; raises SystemMessage for the first warning."""
    settings = {"halt_level": _WARNING, "report_level": _WARNING, "syntax_highlight": "none"}
    return publish_doctree(DOCUMENTS[document], source_path=document, settings_overrides=settings)


def addresses(document: str) -> list[str]:
    """The address of each link and picture of a document."""
    links = [str(node["refuri"]) for node in parsed(document).findall(nodes.reference) if "refuri" in node]
    return links + [str(node["uri"]) for node in parsed(document).findall(nodes.image)]


def fragments(document: str) -> set[str]:
    """Those of the sections of a document."""
    return {str(name) for section in parsed(document).findall(nodes.section) for name in section["ids"]}


def leads_somewhere(document: str, address: str) -> bool:
    """Whether a relative address is that of a file, and its fragment, if it has one, that of a section there."""
    path, fragment = urldefrag(address)
    file = ((ROOT / document).parent / path).resolve()
    return file.is_file() and (not fragment or fragment in fragments(file.relative_to(ROOT).as_posix()))


def test_the_documents_are_the_readme_and_the_guides() -> None:
    assert next(iter(DOCUMENTS)) == "README.rst"
    assert len(GUIDES) > 5


@each_document
def test_a_document_is_rendered_without_a_warning(document: str) -> None:
    """So each reference to a title leads to one."""
    assert fragments(document)


@each_document
def test_each_relative_link_leads_to_a_file_and_to_a_section_of_it(document: str) -> None:
    relative = [address for address in addresses(document) if not urlsplit(address).scheme]
    assert relative
    assert [address for address in relative if not leads_somewhere(document, address)] == []


@each_guide
def test_the_readme_leads_to_each_guide(document: str) -> None:
    assert document in {urldefrag(address).url for address in addresses("README.rst")}


@each_guide
def test_a_guide_says_first_what_it_is_for(document: str) -> None:
    """In one sentence below its title."""
    first = next(iter(parsed(document).findall(nodes.paragraph))).astext()
    assert first.startswith("This guide ")
    assert not re.search(r"\.\s", first)


def test_the_files_that_the_documents_name_are_there() -> None:
    named = set(re.findall(r"``(sample_config/[\w./-]+)``", TEXT))
    assert len(named) > 6
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_document
def test_no_line_has_more_than_120_characters_except_in_a_table_or_with_a_url(document: str) -> None:
    paragraphs = [text for text in DOCUMENTS[document].split("\n\n") if not BEGINS_A_TABLE.match(text)]
    lines = [line for paragraph in paragraphs for line in paragraph.splitlines() if "://" not in line]
    assert [line for line in lines if len(line) > 120] == []


def test_the_readme_is_short() -> None:
    assert len(DOCUMENTS["README.rst"].splitlines()) <= 450
    assert len(DOCUMENTS["README.rst"].split()) <= 3_500
