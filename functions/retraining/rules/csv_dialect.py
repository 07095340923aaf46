"""The contract of `data.csv`: how the CSV files of a pipeline are written."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from retraining.rules.sections.section import OneOf, Section, in_words

ENCODINGS: Final = (
    "utf-8", "utf-16", "latin-1", "iso-8859-15", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254",
    "cp437", "cp850", "mac-roman", "koi8-r", "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5",
)  # fmt: skip

NullValue = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=255)]
Comment = Annotated[
    StrictStr,
    Field(
        pattern=r"^[!#$%&*/;@^~]$", json_schema_extra=in_words("one of ! # $ % & * / ; @ ^ and ~")
    ),
]


class CsvDialect(Section):
    """How the CSV files of a pipeline are written; whatever it says, the accepted copy is plain."""

    delimiter: Literal[",", ";", "\t", "|", ":"] = Field(
        default=",", description="Between two fields"
    )
    header: StrictBool = Field(
        default=True, description="Is the first line a header? If not, see names"
    )
    names: Annotated[list[Name], Field(min_length=2, max_length=2000)] | None = Field(
        default=None,
        description="The columns of a file without a header; null: as columns.yaml lists them",
    )
    encoding: Annotated[str, OneOf(ENCODINGS)] = Field(
        default="utf-8", description="The characters' encoding"
    )
    quote: Literal['"', "'"] | None = Field(
        default='"', description="Around a field that holds a delimiter; null: nothing is quoted"
    )
    escape: Literal["\\"] | None = Field(
        default=None, description="Before a quote or delimiter in a field; null: quotes are doubled"
    )
    comment: Comment | None = Field(
        default=None, description="A line that begins with it is left out"
    )
    skip_lines: Annotated[StrictInt, Field(ge=0, le=1000)] = Field(
        default=0, description="Lines above the header, or above the first row"
    )
    trim: StrictBool = Field(default=False, description="Are spaces around fields left out?")
    null_values: Annotated[list[NullValue], Field(max_length=100)] = Field(
        default=[],
        description="What stands for a missing value beside an empty field, such as NA or -",
    )
    decimal: Literal[".", ","] = Field(default=".", description="Before the decimals of a number")
    thousands: Literal[".", ",", " ", "'", "_"] | None = Field(
        default=None, description="Between groups of three digits of a number"
    )

    @field_validator("null_values", mode="before")
    @classmethod
    def _null_values_are_text(cls, values: object) -> object:
        wrong = [v for v in values if not isinstance(v, str)] if isinstance(values, list) else []
        if wrong:
            raise ValueError(
                f"every value must be text, but {wrong[0]!r} is not: put it in quotes"
                " (YAML reads an unquoted null, no, ~ or 0 as something else)"
            )
        return values

    @model_validator(mode="after")
    def _consistent(self) -> CsvDialect:
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}: one must differ")
        if self.comment is not None and self.comment == self.delimiter:
            raise ValueError(f"comment and delimiter are both {self.delimiter!r}: one must differ")
        if self.names is not None and self.header:
            raise ValueError("names are for files without a header: set header to false")
        if self.names is not None and len(set(self.names)) != len(self.names):
            raise ValueError("names lists a column twice")
        return self
