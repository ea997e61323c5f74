"""Whether each function's role allows what the function does: ministack lets everything through, AWS does not.

The functions call AWS through a ledger that notes each call and hands it on. At the end the calls are held against the
roles as they were deployed. SES is not among them: its calls go to the simulator.
"""

import fnmatch
import http.client
import http.server
import json
import threading
import urllib.parse

HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}
_LOCK = threading.Lock()
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Ledger(http.server.BaseHTTPRequestHandler):
    """Stands between one function and ministack. Addresses that the function signs beforehand lead here too."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _pass_on(self):
        stack = self.server.stack
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        calls = of_call(self.command, self.path, self.headers.get("x-amz-target"), body)
        with self.server.lock:
            stack.calls |= {(self.server.function, *call) for call in calls}
        gateway = http.client.HTTPConnection("127.0.0.1", stack.aws_port, timeout=60)
        try:
            gateway.request(self.command, self.path, body, dict(self.headers))
            answer = gateway.getresponse()
            content = answer.read()
        finally:
            gateway.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        # The answer to HEAD speaks of a length that it does not have.
        length = answer.getheader("content-length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _pass_on


def serve(stack, function):
    """A ledger for one function, on a port of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    server.daemon_threads, server.stack, server.function, server.lock = True, stack, function, _LOCK
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def of_call(method, path, target, body):
    """The actions that one call needs, each with the name of what it is done to: {(action, resource)}."""
    service, _, operation = (target or "").partition(".")
    if service.startswith("DynamoDB"):
        return _of_dynamodb(operation, json.loads(body))
    if service == "AmazonSQS":
        queue = json.loads(body)["QueueUrl"].rsplit("/", 1)[-1]
        return {(f"sqs:{operation.removesuffix('Batch')}", queue)}
    if service == "secretsmanager":
        request = json.loads(body)
        return {(f"secretsmanager:{operation}", f"secret:{request.get('Name') or request['SecretId']}")}
    if target is None:
        return _of_s3(method, urllib.parse.urlsplit(path))
    return {(target, "")}


def _of_dynamodb(operation, request):
    if operation.startswith("Transact"):
        parts = [part for item in request["TransactItems"] for part in item.items()]
        return {(f"dynamodb:{PARTS.get(kind, 'GetItem')}", f"table/{what['TableName']}") for kind, what in parts}
    if operation.startswith("Batch"):
        return {(f"dynamodb:{operation}", f"table/{name}") for name in request["RequestItems"]}
    index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
    return {(f"dynamodb:{operation}", f"table/{request['TableName']}{index}")}


def _of_s3(method, address):
    bucket, _, key = urllib.parse.unquote(address.path).strip("/").partition("/")
    if not key:
        return {("s3:ListBucket", bucket)}
    actions = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
    return {(f"s3:{actions.get(method, method)}", f"{bucket}/{key}")}


def statements(iam, role):
    """[(action, resource)] that a role allows, resources without the front of their ARN."""
    allowed = []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            actions, resources = ([v] if isinstance(v, str) else v for v in
                                  (statement["Action"], statement["Resource"]))
            allowed += [(a, r.split(":", 5)[-1]) for a in actions for r in resources]
    return allowed


def allows(allowed, action, resource):
    return any(action == may and fnmatch.fnmatchcase(resource, what) for may, what in allowed)
