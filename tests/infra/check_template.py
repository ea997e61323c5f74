"""What the deployment template promises beyond its grammar: least privilege, no lost job, no secret in plain sight.

Run from anywhere: `python3 tests/infra/check_template.py`. Needs PyYAML.
"""

import json
import pathlib
import re
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What the functions read, in `shared/runtime`; the secrets go only to the functions that talk to Twilio.
SETTINGS = {
    "TABLE_NAME", "ROUTINE_QUEUE_URL", "EMERGENCY_QUEUE_URL", "RECEIPTS_QUEUE_URL", "FINISHED_QUEUE_URL",
    "FILES_BUCKET", "AUDIT_BUCKET", "PUBLIC_URL", "TWILIO_BASE_URL", "TWILIO_PER_SECOND", "SES_CONFIGURATION_SET", "SES_FROM_ADDRESS",
    "SES_PER_SECOND", "LOG_FORMAT", "LEASE_SECONDS", "SYNC_QUEUE_URL", "MIS_SECRETS_PREFIX",
}
SECRETS = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "REFERENCE_KEY", "X_CONSUMER_KEY", "X_CONSUMER_SECRET"}
FUNCTIONS = {"ApiFunction", "DispatchFunction", "SyncFunction", "UsageFunction"}
# Secrets with the credentials of the schools' MIS, and no others.
MIS_SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/mis/*"


class Template(yaml.SafeLoader):
    """YAML in which `!Ref X` is read as {"Ref": "X"} and `!GetAtt X.Arn` as {"Fn::GetAtt": "X.Arn"}."""


def _tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Template.add_multi_constructor("!", _tag)
TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(), Loader=Template)
RESOURCES = TEMPLATE["Resources"]
COMMON = TEMPLATE["Globals"]["Function"]


def of_type(kind):
    """The resources of one type: {logical name: properties}."""
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


def as_list(value):
    return value if isinstance(value, list) else [value]


def named(value):
    """The resource that a `!Ref` or `!GetAtt` names."""
    return (value.get("Ref") or value["Fn::GetAtt"]).split(".")[0]


def statements(role):
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def mappings():
    """Every queue that feeds a function: (function, its time-out in seconds, the event's properties)."""
    for name, function in of_type("AWS::Serverless::Function").items():
        for event in function.get("Events", {}).values():
            yield name, function["Timeout"], event["Properties"]


class Functions(unittest.TestCase):
    def test_are_the_ones_that_exist_and_can_be_built(self):
        functions = of_type("AWS::Serverless::Function")
        self.assertEqual(set(functions), FUNCTIONS)
        for name in functions:
            self.assertTrue((ROOT / "functions" / name.removesuffix("Function").lower() / "src/main.rs").is_file())
            self.assertEqual(RESOURCES[name]["Metadata"], {"BuildMethod": "makefile"})
            self.assertIn(f"build-{name}: binary := ", (ROOT / "Makefile").read_text())

    def test_are_told_just_the_settings_they_read(self):
        self.assertEqual(set(COMMON["Environment"]["Variables"]), SETTINGS)
        for name, function in of_type("AWS::Serverless::Function").items():
            own = set(function.get("Environment", {}).get("Variables", {}))
            self.assertEqual(own, set() if name in ("SyncFunction", "UsageFunction") else SECRETS, name)

    def test_read_every_setting_they_are_told(self):
        runtime = "".join(f.read_text() for f in (ROOT / "shared/runtime/src").glob("**/*.rs"))
        for name in SETTINGS | SECRETS:
            self.assertIn(f'"{name}"', runtime)

    def test_have_time_to_end_before_their_lease(self):
        timeouts = {n: f["Timeout"] for n, f in of_type("AWS::Serverless::Function").items()}
        self.assertLess(timeouts["DispatchFunction"], int(COMMON["Environment"]["Variables"]["LEASE_SECONDS"]))
        self.assertLessEqual(timeouts["ApiFunction"], 30)

    def test_write_to_logs_that_are_not_kept_for_ever(self):
        for function in of_type("AWS::Serverless::Function").values():
            self.assertIn(named(function["LoggingConfig"]["LogGroup"]), of_type("AWS::Logs::LogGroup"))
        for name, group in of_type("AWS::Logs::LogGroup").items():
            self.assertLessEqual(group["RetentionInDays"], 30, name)


class Secrets(unittest.TestCase):
    def test_come_from_secrets_manager(self):
        for name, function in of_type("AWS::Serverless::Function").items():
            for key, value in function.get("Environment", {}).get("Variables", {}).items():
                if "Fn::If" in value:
                    condition, value, without = value["Fn::If"]
                    self.assertEqual((condition, without), ("HasX", {"Ref": "AWS::NoValue"}), f"{name} {key}")
                self.assertRegex(value["Fn::Sub"], r"^\{\{resolve:secretsmanager:\$\{\w+\}.*\}\}$", f"{name} {key}")

    def test_are_no_parameter(self):
        for name in TEMPLATE["Parameters"]:
            self.assertNotRegex(name, r"(?i)token|password|sid$|key$")

    def test_are_no_output(self):
        self.assertNotIn("resolve:", json.dumps(TEMPLATE["Outputs"]))


class Privileges(unittest.TestCase):
    def test_name_their_actions_and_resources(self):
        for name, role in of_type("AWS::IAM::Role").items():
            self.assertNotIn("ManagedPolicyArns", role, name)
            for statement in statements(role):
                for action in as_list(statement["Action"]):
                    self.assertRegex(action, r"^[a-z0-9-]+:[A-Za-z]+$", name)
                for resource in as_list(statement["Resource"]):
                    folders = ("${FilesBucket.Arn}/uploads/*", "${FilesBucket.Arn}/logos/*", "${FilesBucket.Arn}/mis/*", "${AuditBucket.Arn}/audit/*",
                               MIS_SECRETS)
                    if resource in [{"Fn::Sub": folder} for folder in folders]:
                        continue
                    self.assertNotIn("*", json.dumps(resource), name)

    def test_belong_to_one_function_each(self):
        roles = [named(f["Role"]) for f in of_type("AWS::Serverless::Function").values()]
        self.assertEqual(len(roles), len(set(roles)))
        for function in of_type("AWS::Serverless::Function").values():
            self.assertNotIn("Policies", function)

    def test_to_send_mail_are_dispatchs_alone(self):
        mailers = [n for n, r in of_type("AWS::IAM::Role").items() if "ses:SendEmail" in json.dumps(r)]
        self.assertEqual(mailers, ["DispatchRole"])

    def test_on_files_of_an_mis_are_to_write_or_to_read_them_never_both(self):
        may = {}
        for name, role in of_type("AWS::IAM::Role").items():
            for statement in statements(role):
                if {"Fn::Sub": "${FilesBucket.Arn}/mis/*"} in as_list(statement["Resource"]):
                    may[name] = set(as_list(statement["Action"]))
        self.assertEqual(may, {"ApiRole": {"s3:PutObject"}, "SyncRole": {"s3:GetObject", "s3:DeleteObject"}})

    def test_on_credentials_of_an_mis_are_to_write_or_to_read_them_never_both(self):
        may = {}
        for name, role in of_type("AWS::IAM::Role").items():
            for statement in statements(role):
                if "secretsmanager:" in json.dumps(statement["Action"]):
                    self.assertEqual(statement["Resource"], {"Fn::Sub": MIS_SECRETS}, name)
                    may[name] = set(as_list(statement["Action"]))
        self.assertEqual(may, {
            "ApiRole": {"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"},
            "SyncRole": {"secretsmanager:GetSecretValue"},
        })

    def test_to_read_the_index_of_work_are_dispatchs_alone(self):
        for name, role in of_type("AWS::IAM::Role").items():
            actions = [s["Action"] for s in statements(role) if "/index/" in json.dumps(s["Resource"])]
            self.assertEqual(actions, ["dynamodb:Query"] if name == "DispatchRole" else [], name)

    def test_let_a_function_read_the_queues_that_feed_it_and_no_other(self):
        for name, function in of_type("AWS::Serverless::Function").items():
            fed = {named(e["Properties"]["Queue"]) for e in function.get("Events", {}).values()}
            read = set()
            for statement in statements(RESOURCES[named(function["Role"])]["Properties"]):
                if "sqs:ReceiveMessage" in as_list(statement["Action"]):
                    read |= {named(r) for r in as_list(statement["Resource"])}
            self.assertEqual(read, fed, name)


class Queues(unittest.TestCase):
    def setUp(self):
        queues = of_type("AWS::SQS::Queue")
        self.dead = {n: q for n, q in queues.items() if n.endswith("DeadLetters")}
        self.live = {n: q for n, q in queues.items() if n not in self.dead}

    def test_each_have_dead_letters_of_their_own(self):
        kept = [named(q["RedrivePolicy"]["deadLetterTargetArn"]) for q in self.live.values()]
        self.assertEqual(sorted(kept), sorted(self.dead))
        for name, queue in self.dead.items():
            self.assertEqual(queue["MessageRetentionPeriod"], 14 * 24 * 3600, name)

    def test_of_dead_letters_each_have_an_alarm(self):
        alarms = of_type("AWS::CloudWatch::Alarm").values()
        watched = {named(d["Value"]) for a in alarms for d in a.get("Dimensions", [])}
        self.assertLessEqual(set(self.dead) | {"EmergencyQueue"}, watched)

    def test_each_feed_one_function(self):
        self.assertEqual(sorted(named(e["Queue"]) for _, _, e in mappings()), sorted(self.live))

    def test_hide_a_job_long_enough_and_take_back_only_what_failed(self):
        for _, timeout, event in mappings():
            queue = named(event["Queue"])
            needed = 6 * timeout + event.get("MaximumBatchingWindowInSeconds", 0)
            self.assertGreaterEqual(self.live[queue]["VisibilityTimeout"], needed, queue)
            self.assertEqual(event["FunctionResponseTypes"], ["ReportBatchItemFailures"], queue)

    def test_of_routine_work_leave_room_for_emergencies(self):
        most = {named(e["Queue"]): e.get("ScalingConfig", {}).get("MaximumConcurrency") for _, _, e in mappings()}
        self.assertIsNone(most["EmergencyQueue"])
        self.assertTrue(most["RoutineQueue"] and most["ReceiptsQueue"])


class Alarms(unittest.TestCase):
    def test_all_tell_somebody(self):
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            self.assertEqual(alarm["AlarmActions"], [{"Ref": "Alarms"}], name)

    def test_count_lines_that_dispatch_does_write(self):
        dispatch = "".join(f.read_text() for f in (ROOT / "functions/dispatch/src").glob("**/*.rs"))
        counted = {}
        for name, metric in of_type("AWS::Logs::MetricFilter").items():
            self.assertIn(f'{metric["FilterPattern"]})', dispatch, name)
            self.assertEqual(named(metric["LogGroupName"]), "DispatchLogs")
            (transformation,) = metric["MetricTransformations"]
            counted[transformation["MetricName"]] = transformation["MetricNamespace"]
        alarms = of_type("AWS::CloudWatch::Alarm").values()
        watched = {a["MetricName"]: a["Namespace"] for a in alarms if a["Namespace"] == {"Ref": "AWS::StackName"}}
        self.assertEqual(watched, counted)
        self.assertIn("PagesGivenUp", watched)


class Kept(unittest.TestCase):
    def test_table_can_be_restored_and_is_not_deleted_with_the_stack(self):
        resource = RESOURCES["Table"]
        table = resource["Properties"]
        self.assertEqual((resource["DeletionPolicy"], resource["UpdateReplacePolicy"]), ("Retain", "Retain"))
        self.assertTrue(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertTrue(table["SSESpecification"]["SSEEnabled"] and table["DeletionProtectionEnabled"])
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": "ttl", "Enabled": True})

    def test_table_has_the_keys_and_the_one_index_that_the_store_uses(self):
        table = RESOURCES["Table"]["Properties"]
        self.assertEqual([k["AttributeName"] for k in table["KeySchema"]], ["pk", "sk"])
        (index,) = table["GlobalSecondaryIndexes"]
        self.assertEqual(index["IndexName"], "work")
        self.assertEqual([k["AttributeName"] for k in index["KeySchema"]], ["gsi1pk", "gsi1sk"])
        self.assertEqual(index["Projection"], {"ProjectionType": "KEYS_ONLY"})

    def test_files_are_private_encrypted_and_sent_over_tls(self):
        for name in ("FilesBucket", "AuditBucket"):
            bucket = RESOURCES[name]["Properties"]
            self.assertTrue(all(bucket["PublicAccessBlockConfiguration"].values()))
            self.assertEqual(len(bucket["PublicAccessBlockConfiguration"]), 4)
            self.assertIn("BucketEncryption", bucket)
            (deny,) = RESOURCES[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
            self.assertEqual((deny["Effect"], deny["Condition"]), ("Deny", {"Bool": {"aws:SecureTransport": "false"}}))

    def test_anchors_of_the_audit_log_are_locked(self):
        bucket = RESOURCES["AuditBucket"]["Properties"]
        self.assertIs(bucket["ObjectLockEnabled"], True)
        rule = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        self.assertEqual(rule, {"Mode": "COMPLIANCE", "Days": {"Ref": "AuditLockDays"}})
        self.assertNotIn("LifecycleConfiguration", bucket)


class Web(unittest.TestCase):
    def test_access_log_holds_nothing_of_the_person(self):
        text = of_type("AWS::ApiGatewayV2::Stage")["HttpApiStage"]["AccessLogSettings"]["Format"]
        used = set(re.findall(r"\$context\.([\w.]+)", text))
        allowed = {"requestId", "requestTimeEpoch", "httpMethod", "status", "responseLength", "responseLatency",
                   "integrationErrorMessage"}
        self.assertEqual(used - allowed, set())
        self.assertEqual(set(json.loads(text)), {"request", "at", "method", "status", "bytes", "ms", "error"})

    def test_is_throttled(self):
        limits = of_type("AWS::ApiGatewayV2::Stage")["HttpApiStage"]["DefaultRouteSettings"]
        self.assertTrue(limits["ThrottlingRateLimit"] and limits["ThrottlingBurstLimit"])

    def test_callers_from_other_accounts_cannot_speak_for_ses_or_sns(self):
        for name in ("MailEventsPolicy", "ReceiptsQueuePolicy"):
            for statement in RESOURCES[name]["Properties"]["PolicyDocument"]["Statement"]:
                self.assertIn("aws:SourceArn", json.dumps(statement["Condition"]), name)
        self.assertIs(RESOURCES["MailEventsToReceipts"]["Properties"]["RawMessageDelivery"], False)

    def test_sweep_runs_every_minute(self):
        sweep = RESOURCES["Sweep"]["Properties"]
        self.assertEqual(sweep["ScheduleExpression"], "rate(1 minute)")
        self.assertEqual(json.loads(sweep["Target"]["Input"]), {"sweep": True})

    def test_which_schools_are_due_is_looked_at_more_often_than_runs_are_spread(self):
        tick = RESOURCES["Tick"]["Properties"]
        self.assertEqual(tick["ScheduleExpression"], "rate(5 minutes)")
        self.assertEqual(json.loads(tick["Target"]["Input"]), {"tick": True})
        self.assertEqual(named(tick["Target"]["Arn"]), "SyncFunction")
        self.assertEqual(tick["State"], {"Fn::If": ["IsPaused", "DISABLED", "ENABLED"]})

    def test_everything_that_sends_can_be_paused(self):
        self.assertEqual(RESOURCES["Sweep"]["Properties"]["State"], {"Fn::If": ["IsPaused", "DISABLED", "ENABLED"]})
        for _, _, event in mappings():
            self.assertEqual(event["Enabled"], {"Fn::If": ["IsPaused", False, True]}, event["Queue"])


if __name__ == "__main__":
    result = unittest.main(exit=False, testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=0)).result
    failed = len(result.failures) + len(result.errors)
    print(f"template: {result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
