"""For each line of the standard input: a line of JSON that says what the default credentials chain
gave and who STS takes that for, or the error. One session all the time, as in an application."""

import json
import sys

import boto3

session = boto3.Session()


def who_am_i():
    try:
        credentials = session.get_credentials()
        if credentials is None:
            return {"error": "no credentials"}
        frozen = credentials.get_frozen_credentials()
        arn = session.client("sts").get_caller_identity()["Arn"]
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"accessKeyId": frozen.access_key, "accountId": frozen.account_id, "arn": arn}


for _ in sys.stdin:
    print(json.dumps({"version": boto3.__version__, **who_am_i()}), flush=True)
