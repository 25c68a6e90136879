"""What all Word files have in common."""

from __future__ import annotations

from typing import Any

from docx.oxml.ns import qn

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def set_fonts(styled: Any, east: str) -> None:
    """Latin and digits in Times New Roman, Chinese in `east`: Word asks for both apart. For a style or a run."""
    styled.font.name = "Times New Roman"
    styled._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), east)
