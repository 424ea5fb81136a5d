"""Reading a program's folder of documents: Markdown, plain text, PDF, Word, HTML, CSV and Excel."""

from knowledge.documents.folder import Known, read_folder

__all__ = ["Known", "read_folder"]
