"""Files for tests, made here: good ones, and such that lie or bite."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import docx
import openpyxl
from reportlab.pdfgen import canvas

WORD = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def pdf(text: str = "A plan") -> bytes:
    file = io.BytesIO()
    page = canvas.Canvas(file)
    page.drawString(100, 700, text)
    page.showPage()
    page.save()
    return file.getvalue()


def pdf_with(objects: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + objects + b"\nendobj\nstartxref\n0\n%%EOF\n"


def pdf_packing(objects: bytes, words: bytes = b"/Filter /FlateDecode") -> bytes:
    """A PDF whose objects lie in a compressed object stream."""
    data = zlib.compress(objects)
    return pdf_with(b"<< /Type /ObjStm /N 1 /First 4 " + words + b" >>\nstream\n" + data + b"\nendstream")


def word() -> bytes:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("A plan")
    document.save(file)
    return file.getvalue()


def excel() -> bytes:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


def office(types: bytes = WORD, **entries: bytes) -> bytes:
    """An Office archive; the names of entries are written with __ for / and _dot_ for a dot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def archive(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


def jpg() -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 2, 3) + b"\x03" + b"\x01\x22\x00" * 3
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 9 + frame + b"\xff\xda\x00\x02xx\xff\xd9"
