"""XML as a tree of elements, without document types and entities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat


class XmlError(ValueError):
    """Bytes that are not well-formed XML, or declare a document type."""


@dataclass(slots=True)
class Element:
    """An element; names without namespace, which the element carries beside them."""

    name: str
    namespace: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """The first child of that name."""
        return next(self.all(name), None)


def parse(content: bytes) -> Element:
    """The root element; XmlError when there is none."""
    parser = expat.ParserCreate(namespace_separator=" ")
    top = Element("", "", {})
    open_elements = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        element = Element(
            local, namespace, {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        )
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def characters(text: str) -> None:
        open_elements[-1].text += text

    def refuse(*_declaration: object) -> None:
        raise XmlError("a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise XmlError(str(error)) from error
    return top.children[0]
