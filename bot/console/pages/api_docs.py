"""What the API offers, as a page like the others: in both languages and themes, without a viewer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from bot import __version__
from bot.console.guard import ANYBODY, allows
from bot.console.view import View

router = APIRouter(include_in_schema=False)


@router.get("/api/openapi.json")
async def openapi(view: Annotated[View, ANYBODY]) -> Response:
    """Describe the API for programs; it holds no data."""
    return JSONResponse(description(view.request.app))


@router.get("/api")
async def api_page(view: Annotated[View, allows("account.own")]) -> Response:
    """Describe the API for people."""
    found = description(view.request.app)
    return view.page("api_docs.html", groups=_groups(found), schemas=_schemas(found))


@lru_cache(maxsize=4)
def description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description, made once for an application."""
    return get_openapi(
        title="founder-bot",
        version=__version__,
        description="The data of the staff console as JSON. Errors are application/problem+json.",
        routes=app.routes,
    )


def _groups(found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            answers = {
                code: {"text": answer.get("description", ""), "schema": _name(answer.get("content"))}
                for code, answer in operation.get("responses", {}).items()
            }
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("description") or operation.get("summary", ""),
                    "parameters": [_parameter(one) for one in operation.get("parameters", ())],
                    "body": _name(operation.get("requestBody", {}).get("content")),
                    "answers": answers,
                }
            )
    return groups


def _schemas(found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    schemas = found.get("components", {}).get("schemas", {})
    return {
        name: [
            {"name": field, "type": type_name(schema), "required": field in one.get("required", ())}
            for field, schema in one.get("properties", {}).items()
        ]
        for name, one in schemas.items()
        if one.get("properties") and name not in {"HTTPValidationError", "ValidationError"}
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "where": one["in"],
        "required": one.get("required", False),
        "type": type_name(one.get("schema", {})),
        "text": one.get("description", ""),
    }


def _name(content: Mapping[str, Any] | None) -> str:
    for one in (content or {}).values():
        return type_name(one.get("schema", {}))
    return ""


def type_name(schema: Mapping[str, Any]) -> str:
    """Write a JSON schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(type_name(part) for part in schema[key]))
    if schema.get("type") == "array":
        return f"[{type_name(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
