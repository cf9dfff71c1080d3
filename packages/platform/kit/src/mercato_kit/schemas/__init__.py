"""Strict JSON schemas, on Flask-Marshmallow.

Input schemas are written field by field. Output schemas are derived from models with an explicit
list of fields, so that a new column is never published by accident.
"""

from mercato_kit.schemas.bases import ModelSchema, QuerySchema, Schema
from mercato_kit.schemas.fields import (
    Boolean,
    Bounded,
    Dict,
    Email,
    Instant,
    Integer,
    Line,
    List,
    Listed,
    Metadata,
    Password,
    StandardCode,
    Text,
    Uuid,
    is_unbounded,
    not_blank,
    render_instant,
)
from mercato_kit.schemas.messages import MISSING, Message
from mercato_kit.schemas.problems import FieldErrorSchema, ProblemSchema
from mercato_kit.schemas.providers import ProviderName

__all__ = [
    "MISSING",
    "Boolean",
    "Bounded",
    "Dict",
    "Email",
    "FieldErrorSchema",
    "Instant",
    "Integer",
    "Line",
    "List",
    "Listed",
    "Message",
    "Metadata",
    "ModelSchema",
    "Password",
    "ProblemSchema",
    "ProviderName",
    "QuerySchema",
    "Schema",
    "StandardCode",
    "Text",
    "Uuid",
    "is_unbounded",
    "not_blank",
    "render_instant",
]
