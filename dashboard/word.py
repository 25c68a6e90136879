"""What all Word files have in common."""

from __future__ import annotations

from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def set_fonts(styled: Any, east: str) -> None:
    """Latin and digits in Times New Roman, Chinese in `east`: Word asks for both apart. For a style or a run.

    The language is said, too: where `east` is not installed, another font would write 。 and ， as they are in Taiwan.
    """
    styled.font.name = "Times New Roman"
    about = styled._element.get_or_add_rPr()
    about.get_or_add_rFonts().set(qn("w:eastAsia"), east)
    for old in about.findall(qn("w:lang")):
        about.remove(old)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    about.append(language)
