"""The deployed product on this machine: `template.yaml` in ministack, Twilio and SES simulated, all on 127.0.0.1.

What stands between the internet and API Gateway is played by a front door: the public address, which people, Twilio and
this test call, is its own, as with a domain name. Where ministack falls short of AWS, this file makes up for it and
says so; nothing here makes up for the product.
"""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import boto3

import rights

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "eu-west-2"
STACK = "messenger"
ACCOUNT, TOKEN = "AC" + "0" * 32, "made-up-token"
SENDER = "messages@messenger.example"
PATIENCE = 150
"""Longest wait for anything, in seconds: two sweeps and a bit."""


def until(what, look, patience=PATIENCE):
    """Waits until `look()` gives something true, and gives that. `what` may be asked at the end."""
    end = time.monotonic() + patience
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"not in {patience} s: {what() if callable(what) else what}")
        time.sleep(0.25)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


class Stack:
    """Everything that runs. `with Stack() as stack:` ends it all, whatever happens."""

    def __init__(self):
        self._undo = contextlib.ExitStack()
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="messenger-stack-"))
        self._undo.callback(shutil.rmtree, self.state, ignore_errors=True)
        self.programs = pathlib.Path(os.environ["STACK_PROGRAMS"])
        self.built = pathlib.Path(os.environ["STACK_BUILD"])

    def __enter__(self):
        try:
            self._start_simulators()
            self._start_ledgers()
            self._start_ministack()
            self._start_doors()
            self._deploy()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            log = self.state / "ministack.log"
            if log.exists():
                print("\n".join(log.read_text().splitlines()[-60:]), file=sys.stderr)
        self._undo.close()

    # ---- the programs

    def _spawn(self, name, command, environment):
        log = open(self.state / f"{name}.log", "wb")
        self._undo.callback(log.close)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.state,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        self._undo.callback(_end, process)
        return process

    def _start_simulators(self):
        port, self.events_port = free_port(), free_port()
        self.simulators = f"http://127.0.0.1:{port}"
        self._spawn("simulators", [
            self.programs / "simulators", "--listen", f"127.0.0.1:{port}", "--account-sid", ACCOUNT,
            "--auth-token", TOKEN, "--ses-events", f"http://127.0.0.1:{self.events_port}/", "--step-ms", "200",
        ], dict(os.environ))
        until("the simulators answer", lambda: answers(f"{self.simulators}/_control/counts"), 20)

    def _start_ledgers(self):
        """What the functions ask of AWS: {(function, action, resource)}."""
        self.calls = set()
        self.ledgers = {name: rights.serve(self, name) for name in ("Api", "Dispatch", "Sync", "Usage")}
        for ledger in self.ledgers.values():
            self._undo.callback(ledger.server_close)
            self._undo.callback(ledger.shutdown)

    def _start_ministack(self):
        self.aws_port = port = free_port()
        self.aws = f"http://127.0.0.1:{port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MINISTACK_"))},
            "AWS_ENDPOINT_URL": self.aws, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1", "HOME": str(self.state), "TMPDIR": str(self.state),
        }
        self._spawn("ministack", [pathlib.Path(sys.executable).with_name("ministack")], {
            **self.environment, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION,
            "STATE_DIR": str(self.state / "state"), "S3_DATA_DIR": str(self.state / "s3"),
            # Listeners of services that this stack has no part in.
            "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0",
            # The functions inherit the rest. Each is told an address of its own for AWS when it is deployed;
            # ministack's own SES reports nothing of what becomes of an e-mail.
            "AWS_ENDPOINT_URL": "",
            "SES_ENDPOINT_URL": self.simulators,
        })
        until("ministack answers", lambda: answers(f"{self.aws}/_ministack/health"), 60)
        self._session = boto3.Session("test", "test", region_name=REGION)

    def client(self, service):
        return self._session.client(service, endpoint_url=self.aws)

    def _start_doors(self):
        self.url = f"http://127.0.0.1:{_serve(self, _FrontDoor, 0, self._undo)}"
        _serve(self, _MailEvents, self.events_port, self._undo)

    # ---- the deployment

    def _deploy(self):
        self.client("secretsmanager").create_secret(
            Name="messenger/twilio", SecretString=json.dumps({"account_sid": ACCOUNT, "auth_token": TOKEN}))
        bucket = self.client("s3")
        bucket.create_bucket(Bucket="deployments", CreateBucketConfiguration={"LocationConstraint": REGION})
        parameters = {
            "Architecture": "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64",
            "PublicUrl": self.url, "TwilioBaseUrl": self.simulators,
            "SesFromAddress": SENDER, "SesIdentity": "messenger.example",
        }
        deployed = subprocess.run([
            "sam", "deploy", "--template-file", self.built / "template.yaml", "--stack-name", STACK,
            "--s3-bucket", "deployments", "--no-confirm-changeset", "--no-progressbar", "--capabilities",
            "CAPABILITY_IAM", "--parameter-overrides", *(f"{k}={v}" for k, v in parameters.items()),
        ], env=self.environment, cwd=self.state, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if deployed.returncode:
            raise AssertionError(deployed.stdout + deployed.stderr)
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        assert self.outputs["SiteUrl"] == self.url, self.outputs
        self.api_host = self.outputs["ApiEndpoint"].removeprefix("http://")
        self.mail_events = self.resource("MailEvents")
        self._point_to_ledgers()
        until("the API answers", lambda: answers(f"{self.url}/healthz"), 30)

    def _point_to_ledgers(self):
        """Each function finds AWS through its own ledger."""
        lambdas = self.client("lambda")
        self.roles = {}
        for name, ledger in self.ledgers.items():
            function = lambdas.get_function_configuration(FunctionName=self.resource(f"{name}Function"))
            self.roles[name] = function["Role"].rsplit("/", 1)[-1]
            variables = function["Environment"]["Variables"]
            variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ledger.server_port}"
            lambdas.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables})

    def forbidden(self):
        """What the functions have done that AWS would not have let them."""
        iam = self.client("iam")
        allowed = {name: rights.statements(iam, role) for name, role in self.roles.items()}
        return sorted(call for call in self.calls if not rights.allows(allowed[call[0]], *call[1:]))

    def logged(self):
        """Everything that the functions have logged."""
        logs, lines = self.client("logs"), []
        for group in logs.get_paginator("describe_log_groups").paginate():
            for found in group["logGroups"]:
                pages = logs.get_paginator("filter_log_events").paginate(logGroupName=found["logGroupName"])
                lines += [event["message"] for page in pages for event in page["events"]]
        return lines

    def resource(self, logical):
        """The physical id of one of the template's resources."""
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    # ---- what an operator does

    def admin(self, *arguments):
        """Runs `messenger-admin` and gives the words that it prints."""
        environment = {**self.environment, "TABLE_NAME": self.outputs["TableName"]}
        done = subprocess.run([self.programs / "messenger-admin", *arguments], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise AssertionError(done.stderr)
        return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())

    def invoke(self, name, event):
        """Calls a function directly."""
        answer = self.client("lambda").invoke(FunctionName=self.resource(f"{name}Function"), Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    @contextlib.contextmanager
    def held(self, queue):
        """Jobs wait in their queue meanwhile, as while the stack is paused."""
        lambdas = self.client("lambda")
        arn = self.queue_arn(queue)
        (mapping,) = lambdas.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    @contextlib.contextmanager
    def no_sweep(self):
        """The sweep's schedule is switched off meanwhile, as while the stack is paused."""
        scheduler = self.client("scheduler")
        schedule = scheduler.get_schedule(Name=self.resource("Sweep"))
        kept = {k: schedule[k] for k in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(**kept, State="DISABLED")
        try:
            yield
        finally:
            scheduler.update_schedule(**kept, State=schedule["State"])

    @contextlib.contextmanager
    def quick_retries(self, queue):
        """A failed job comes back after a second in place of six minutes; everything else stays as deployed."""
        sqs, url = self.client("sqs"), self.outputs[f"{queue}QueueUrl"]
        names = ["VisibilityTimeout"]
        was = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=was)

    def queue_arn(self, queue):
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[f"{queue}QueueUrl"], AttributeNames=["QueueArn"])
        return attributes["Attributes"]["QueueArn"]

    def waiting(self, url):
        """How many items a queue holds, in hand or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(n) for n in attributes.values())

    def dead_letters(self, queue):
        """The address of a queue's dead letters."""
        name = self.outputs[f"{queue}DeadLettersArn"].rsplit(":", 1)[-1]
        return self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]

    def redrive(self, queue):
        """What `aws sqs start-message-move-task` does, which ministack lacks: dead letters go back as they are."""
        sqs, dead, home = self.client("sqs"), self.dead_letters(queue), self.outputs[f"{queue}QueueUrl"]
        while letters := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for letter in letters:
                sqs.send_message(QueueUrl=home, MessageBody=letter["Body"])
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])

    # ---- what the providers saw

    def control(self, path, body=None):
        """Asks the simulators, or orders something from them."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.simulators}/_control/{path}", data,
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    def seen(self, message):
        """What the providers accepted for one message: [(channel, address)], twice what was sent twice."""
        kinds = {"sms": "sms", "call": "voice", "email": "email"}
        return sorted((kinds[r["kind"]], r["to"]) for r in self.control("log")
                      if message in (r.get("reference") or ""))


def _end(process):
    """Ends a process that we started, and the functions that it runs."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def _serve(stack, handler, port, undo):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads, server.stack = True, stack
    threading.Thread(target=server.serve_forever, daemon=True).start()
    undo.callback(server.server_close)
    undo.callback(server.shutdown)
    return server.server_port


class _Door(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))


class _FrontDoor(_Door):
    """The public address: hands each request to the API under the name that API Gateway knows it by."""

    def _pass_on(self):
        stack, body = self.server.stack, self.body()
        gateway = http.client.HTTPConnection("127.0.0.1", int(stack.aws.rsplit(":", 1)[1]), timeout=40)
        with contextlib.closing(gateway):
            gateway.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            gateway.putheader("host", stack.api_host)
            for name, value in self.headers.items():
                if name.lower() not in ("host", "connection"):
                    gateway.putheader(name, value)
            gateway.endheaders(body)
            answer = gateway.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _pass_on


class _MailEvents(_Door):
    """SES at its topic: the simulator's events are published there, so that they come the deployed way."""

    def do_POST(self):
        event = json.loads(self.body())["Message"]
        self.server.stack.client("sns").publish(TopicArn=self.server.stack.mail_events, Message=event)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
