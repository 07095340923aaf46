"""botocore's errors in words that name the value and the next step."""

from __future__ import annotations

import re
from typing import Any

from boto3.exceptions import Boto3Error
from botocore import exceptions

from ratchet.cli.errors import CliError

_KEYS = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthFailure", "InvalidSignatureException",
    }
)  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_LOGIN = "Log in again (aws sso login), or choose other credentials with --profile."


def explain_aws(error: BaseException) -> CliError | None:
    """Our error for one of botocore's; None for one that we do not know."""
    if isinstance(error, exceptions.ClientError):
        return _refused(error)
    if isinstance(error, exceptions.ProfileNotFound):
        return CliError(str(error), "List the available profiles: aws configure list-profiles")
    if isinstance(error, exceptions.NoRegionError):
        return CliError("no AWS region is set", "Give one with --region, or set AWS_REGION.")
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return CliError(
            "no AWS credentials were found, and no local AWS is running",
            "Start a local AWS with: ratchet up   Or choose credentials with --profile.",
        )
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return _unreachable(error)
    if isinstance(error, exceptions.BotoCoreError | Boto3Error):
        of_keys = "SSO" in str(error) or isinstance(error, exceptions.CredentialRetrievalError)
        return CliError(" ".join(str(error).split()), _LOGIN if of_keys else "")
    return None


def _refused(error: Any) -> CliError:
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    what = f"{error.operation_name} was refused: {code}: {message}".replace("\n", " ")
    if code in _KEYS:
        return CliError(what, _LOGIN)
    if code in _DENIED:
        return CliError(what, f"These credentials need the permission for {error.operation_name}.")
    return CliError(what)


def _unreachable(error: Any) -> CliError:
    where = error.kwargs.get("endpoint_url") or "AWS"
    if str(where).startswith(("http://127.", "http://localhost")):
        step = "Is the local AWS still running? Start one with: ratchet up"
    else:
        step = "Check --endpoint-url, --region and the network."
    reason = " ".join(str(error.kwargs.get("error") or type(error).__name__).split())
    plain = re.sub(r"^.*\[Errno -?\d+\] ", "", reason)
    return CliError(f"no answer from {where}: {plain}", step)
