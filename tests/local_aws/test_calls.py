"""Each function has its own keys, and a listener sees which function made a call."""

from __future__ import annotations

from lambda_world import invoke, make_function

from ratchet.local_aws.door.calls import Call, function_key
from ratchet.local_aws.running.local import LocalAws

CODE = """
import os
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="a b", Body=b"whole")
    return os.environ["AWS_ACCESS_KEY_ID"]
"""


def test_a_listener_sees_every_call_of_a_function_under_its_key() -> None:
    heard: list[Call] = []
    with LocalAws.start(port=0, region="us-east-1", announced=False) as local:
        local.client("s3").create_bucket(Bucket="heard")
        name = make_function(local, CODE, Timeout=60)
        local.listen(heard.append)
        answer = invoke(local, name, {"bucket": "heard"})
        stored = local.client("s3").get_object(Bucket="heard", Key="a b")["Body"].read()
    assert answer["Payload"] == function_key(name)
    assert stored == b"whole"
    (call,) = [call for call in heard if call.access_key == function_key(name)]
    assert (call.service, call.status) == ("s3", 200)
    assert (call.request.method, call.request.path) == ("PUT", "/heard/a%20b")
    assert b"whole" in call.request.body
