"""The deployed stack does the main job: `scripts/stack` builds it and runs this."""

import base64
import collections
import datetime
import json
import unittest
import urllib.request

import cloud
from cloud import ACCOUNT, TOKEN, until
from people import Browser, Partner

PERSONAL = ("7700900", "1632960", "family.example", "Number1", "We close", "Bring a", "Thank you", "Abbey Green",
            "hush-hush")
SCOPES = "contacts:write,messages:write,messages:read,usage:read"
stack = None


def setUpModule():
    global stack
    stack = unittest.enterModuleContext(cloud.Stack())


class School:
    """A school of its own for one test, with a super-user and a partner."""

    def __init__(self, name):
        made = stack.admin(
            "create-school", "--name", name, "--country", "44", "--sms-sender", name.replace(" ", "")[:11],
            "--voice-caller", "+441632960999", "--username", f"{name.split()[0].lower()}.office",
            "--email", f"office@{name.split()[0].lower()}.example", "--sign-in", "password")
        self.id, self.username, self.password = made["school"], made["username"], made["password"]
        key = stack.admin("create-key", "--school", self.id, "--name", "Partner", "--scopes", SCOPES)["key"]
        self.partner = Partner(stack.url, key)

    def settled(self, message, patience=cloud.PATIENCE):
        """Waits until a message is finished and every delivery has its receipt; gives its totals."""
        def look():
            said = self.partner.message(message)
            on_the_way = [s for s in said["totals"] if s in ("queued", "sending", "retrying", "accepted", "unknown")]
            return said["totals"] if said["state"] == "finished" and not on_the_way else None
        return until(lambda: f"settled: {self.partner.message(message)}", look, patience)

    def usage(self):
        today = datetime.date.today()
        day = datetime.timedelta(days=1)
        return self.partner.usage(today - day, today + day)


def parents(count, first=0):
    """So many with a mobile of their own, of the numbers that are kept for drama."""
    return [{"id": f"p{n}", "forename": "Pat", "surname": f"Number{n}", "role": "parent",
             "mobile": f"+447700900{n:03}"} for n in range(first, first + count)]


class MainJob(unittest.TestCase):
    def test_from_a_spreadsheet_to_families_phones_and_the_days_usage(self):
        school = School("Abbey Green School")
        office = Browser(stack.url)
        home = office.sign_in(school.username, school.password)
        self.assertEqual((home.status, home.url), (200, f"{stack.url}/"))
        self.assertIn("Abbey Green School", home.text)
        self.upload(office)
        self.assertIn("35", office.get("/contacts").text)

        message = self.compose(office)
        self.assertEqual(school.settled(message), {"delivered": 65})
        seen = stack.seen(message)
        said = [(channel, to) for channel, to, _ in school.partner.deliveries(message)]
        self.assertEqual(seen, said, "each delivery at its provider once, and nothing else")
        channels = collections.Counter(channel for channel, _ in seen)
        self.assertEqual(channels, {"sms": 20, "voice": 10, "email": 35})

        urgent = school.partner.send("urgent", "The school is closed today", "emergency")
        self.assertEqual(school.settled(urgent), {"delivered": 20})
        self.assertEqual(len(stack.seen(urgent)), 20)

        saw = self.billed(message, urgent)
        until("usage is what the providers saw", lambda: school.usage() == saw, 60)
        self.assertEqual(stack.invoke("Usage", {"recount": school.id})["mended"], [], "a recount finds nothing to mend")
        sheet = office.get("/usage.xlsx")
        self.assertEqual((sheet.status, sheet.bytes[:2]), (200, b"PK"), "a workbook passes the gateway unharmed")

    def upload(self, office):
        """35 people as Excel would have saved them: mobiles without their 0."""
        rows = ["Id,Title,Forename,Surname,Mobile,Home,Email,Groups"]
        for n in range(35):
            mobile = f"7700900{n:03}" if n < 20 else ""
            home = f"01632 960{n:03}" if 20 <= n < 30 else ""
            rows.append(f"p{n},Mrs,Pat,Number{n},{mobile},{home},pat{n}@family.example,Year 9")
        csv = "\r\n".join(rows).encode()

        page = office.get("/upload")
        csrf = dict(page.form("/upload"))["csrf"]
        ticket = office.post("/upload", {"csrf": csrf, "name": "contacts.csv", "bytes": len(csv)})
        self.assertEqual(ticket.status, 200, ticket.text)
        address = ticket.json["url"]
        policy = page.headers["content-security-policy"]
        origin = "/".join(address.split("/")[:3])
        self.assertIn(origin, policy, "the page's policy lets its script send the file there")
        put = urllib.request.Request(address, csv, {"content-type": "application/octet-stream"}, method="PUT")
        self.assertEqual(urllib.request.urlopen(put, timeout=30).status, 200)
        path = f"/upload/{ticket.json['id']}"
        office.post(f"{path}/uploaded", {"csrf": csrf})

        columns = self.shown(office, path, f"{path}/columns")
        office.submit(columns, f"{path}/columns")
        checked = self.shown(office, path, f"{path}/confirm")
        self.assertIn("35", checked.text)
        office.submit(checked, f"{path}/confirm")
        until("imported", lambda: "/contacts" in office.get(path).text and
              f"{path}/live" not in office.get(path).text)

    def shown(self, browser, path, action):
        """The page at `path` once it shows the form that posts to `action`."""
        def look():
            page = browser.get(path)
            return page if f'action="{action}"' in page.text else None
        return until(f"{action} is shown", look)

    def compose(self, office):
        """Writes to everybody in every way, looks at the check, sends; gives the message's id."""
        checked = office.submit(
            office.get("/send"), "/send", to="everyone", do="check",
            sms="yes", sms_text="We close at noon today", voice="yes", voice_text="We close at noon today",
            email="yes", email_subject="Closing early", email_text="We close at **noon** today.")
        self.assertIn("Nothing has been sent yet", checked.text)
        sent = office.submit(checked, "/send", do="send")
        self.assertEqual(sent.status, 200, sent.text)
        again = office.submit(checked, "/send", do="send")
        self.assertEqual(again.url, sent.url, "pressed twice, sent once")
        return sent.url.removeprefix(f"{stack.url}/messages/").split("?")[0]

    def billed(self, *messages):
        """What the providers would bill for these messages."""
        log = [r for r in stack.control("log") if any(m in (r.get("reference") or "") for m in messages)]
        texts = [r for r in log if r["kind"] == "sms"]
        calls = [self.call_seconds(r["sid"]) for r in log if r["kind"] == "call"]
        return {"email_count": sum(r["kind"] == "email" for r in log), "sms_count": len(texts),
                "sms_units": sum(r["units"] for r in texts), "voice_minutes": sum(-(-s // 60) for s in calls)}

    def call_seconds(self, sid):
        basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        url = f"{stack.simulators}/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json"
        request = urllib.request.Request(url, headers={"authorization": f"Basic {basic}"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(json.loads(response.read())["duration"])


class Gateway(unittest.TestCase):
    """What the gateway does to requests and answers on their way."""

    def test_a_signed_text_from_a_phone_is_taken_and_a_forged_one_is_not(self):
        text = {"from": "+447700900001", "to": "+447700900999", "body": "Thank you & see you – Zoë",
                "url": f"{stack.url}/hooks/twilio/inbound"}
        self.assertEqual(stack.control("inbound", text)["answer"], 200)
        forged = Browser(stack.url).post("/hooks/twilio/inbound", {"From": "+447700900001", "Body": "x"})
        self.assertEqual(forged.status, 403)

    def test_strangers_see_the_sign_in_page_and_no_more(self):
        stranger = Browser(stack.url)
        self.assertEqual(stranger.get("/contacts").url.split("?")[0], f"{stack.url}/sign-in")
        self.assertEqual(stranger.sign_in("nobody", "wrong").status, 422)
        self.assertEqual([c.name for c in stranger.cookies], [])
        self.assertEqual(Partner(stack.url, "msk_a_b")._ask("GET", "/api/v1/usage").status, 401)


class Mis(unittest.TestCase):
    """The sync calls public addresses only, so no simulator: what is shown is the way to it and back."""

    SECRET = "hush-hush-of-the-stack"

    def test_credentials_reach_the_sync_and_nobody_else_and_a_trial_tells_what_is_wrong(self):
        school = School("Maple Road School")
        office = Browser(stack.url)
        office.sign_in(school.username, school.password)
        saved = office.submit(
            office.get("/settings/mis?kind=wonde"), "/settings/mis", address="https://mis.invalid/v1.0",
            school="A1930499544", token=self.SECRET, sure="yes")
        self.assertTrue(saved.url.endswith("/settings/mis?done=saved"), saved.text)
        self.assertNotIn(self.SECRET, saved.text)
        secrets = self.secrets(school)
        self.assertEqual(secrets, [{"token": self.SECRET}])

        office.submit(saved, "/settings/mis/test")
        until("the trial ends", lambda: "Does not work" in office.get("/settings/mis/live").text, 60)
        self.assertIn("does not answer", office.get("/settings/mis/live").text)

        # The tick begins what is due, and the queue brings it.
        self.assertEqual(stack.invoke("Sync", {"tick": True}), {"begun": 1})
        self.assertEqual(stack.invoke("Sync", {"tick": True}), {"begun": 0})
        until("the run has ended", lambda: self.last_run(school) == "failed", 90)

        gone = office.submit(office.get("/settings/mis?kind=none"), "/settings/mis", sure="yes")
        self.assertTrue(gone.url.endswith("?done=saved"), gone.text)
        self.assertEqual(self.secrets(school), [])

    def test_a_report_goes_straight_to_the_files_and_the_sync_reads_it_into_the_address_book(self):
        school = School("Elm Grove School")
        office = Browser(stack.url)
        office.sign_in(school.username, school.password)
        page = office.submit(office.get("/settings/mis?kind=report"), "/settings/mis", system="sims", sure="yes")
        self.assertTrue(page.url.endswith("?done=hand-in"), page.text)
        first = self.hand_in(office, page, "Okafor")
        matched = self.shown(office, first, f"{first}/columns")
        office.submit(matched, f"{first}/columns")
        self.read(office, school, first)
        self.assertIn("Okafor", office.get("/contacts").text)
        # The next one is understood at once, and takes the place of the first among the files.
        second = self.hand_in(office, page, "Brennan")
        self.read(office, school, second)
        self.assertIn("Brennan", office.get("/contacts").text)

    def hand_in(self, office, page, surname):
        """A report of one pupil and one contact: the path of its page."""
        rows = ["Adno,Forename,Surname,Contact person ID,Contact surname,Mobile",
                f"100,Ada,{surname},9,{surname},07700 900123"]
        csv = "\r\n".join(rows).encode()
        csrf = dict(page.form("/settings/mis/files"))["csrf"]
        ticket = office.post("/settings/mis/files", {"csrf": csrf, "name": "report.csv", "bytes": len(csv)})
        self.assertEqual(ticket.status, 200, ticket.text)
        put = urllib.request.Request(
            ticket.json["url"], csv, {"content-type": "application/octet-stream"}, method="PUT")
        self.assertEqual(urllib.request.urlopen(put, timeout=30).status, 200)
        path = f"/settings/mis/files/{ticket.json['id']}"
        office.post(f"{path}/uploaded", {"csrf": csrf})
        return path

    def read(self, office, school, path):
        """Has a file read that was understood, and waits for the end."""
        before = self.last_run(school, "last_run")
        office.submit(self.shown(office, path, f"{path}/run"), f"{path}/run")
        until("the file is read", lambda: self.last_run(school, "last_run") != before, 90)
        self.assertEqual(self.last_run(school), "finished")

    def shown(self, office, path, action):
        """The page, once it has the form that goes to `action`."""
        until(f"{action} is on the page", lambda: f'action="{action}"' in office.get(path).text, 60)
        return office.get(path)

    def secrets(self, school):
        client = stack.client("secretsmanager")
        prefix = f"{cloud.STACK}/mis/{school.id}/"
        names = [s["Name"] for s in client.list_secrets(MaxResults=100)["SecretList"] if "DeletedDate" not in s]
        return [json.loads(client.get_secret_value(SecretId=name)["SecretString"])
                for name in names if name.startswith(prefix)]

    def last_run(self, school, what="last_state"):
        """How the school's latest run came out, or which it was."""
        key = {"pk": {"S": f"S#{school.id}#Y"}, "sk": {"S": "LOCK"}}
        row = stack.client("dynamodb").get_item(TableName=stack.outputs["TableName"], Key=key).get("Item", {})
        return row.get(what, {}).get("S")


class Recovery(unittest.TestCase):
    def test_a_message_whose_job_was_lost_is_sent_by_the_sweep_alone(self):
        school = School("Birch Lane School")
        school.partner.add(parents(12, first=100))
        with stack.held("Routine"):
            message = school.partner.send("lost", "Bring a coat")
            url = stack.outputs["RoutineQueueUrl"]
            until("the job is queued", lambda: stack.waiting(url), 20)
            stack.client("sqs").purge_queue(QueueUrl=url)
            self.assertEqual(stack.waiting(url), 0)
        self.assertEqual(school.partner.message(message)["state"], "queued")
        self.assertEqual(school.settled(message), {"delivered": 12})
        said = [(channel, to) for channel, to, _ in school.partner.deliveries(message)]
        self.assertEqual(stack.seen(message), said)

    def test_a_job_that_fails_is_kept_with_the_dead_letters_and_does_its_work_when_put_back(self):
        school = School("Cedar Hill School")
        school.partner.add(parents(12, first=200))
        sqs, table = stack.client("sqs"), stack.client("dynamodb")
        dead = stack.dead_letters("Routine")
        with stack.no_sweep(), stack.quick_retries("Routine"):
            with stack.held("Routine"):
                good = school.partner.send("good", "Bring a coat")
                bad = school.partner.send("bad", "Bring a hat")
                row = {"pk": {"S": f"S#{school.id}#M#{bad}"}, "sk": {"S": "BODY"}}
                table_name = stack.outputs["TableName"]
                body = table.get_item(TableName=table_name, Key=row)["Item"]
                table.put_item(TableName=table_name, Item={**row, "body": {"S": "not what was written"}})
            self.assertEqual(school.settled(good), {"delivered": 12}, "its neighbour in the queue goes through")
            until("the job is a dead letter", lambda: stack.waiting(dead) == 1)
            (letter,) = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
            self.assertIn(bad, letter["Body"], "an operator can see which message")
            self.assertEqual((school.partner.message(bad)["state"], stack.seen(bad)), ("queued", []))

            table.put_item(TableName=table_name, Item=body)
            stack.redrive("Routine")
            self.assertEqual(school.settled(bad), {"delivered": 12})
        for message in (good, bad):
            said = [(channel, to) for channel, to, _ in school.partner.deliveries(message)]
            self.assertEqual(stack.seen(message), said)
        self.assertEqual(stack.waiting(dead), 0)


class Throughout(unittest.TestCase):
    """What must hold of all that the tests before have made the functions do."""

    def test_functions_do_only_what_their_roles_allow(self):
        self.assertEqual(stack.forbidden(), [])
        seen = {call[:2] for call in stack.calls}
        self.assertLessEqual({("Api", "s3:PutObject"), ("Api", "sqs:SendMessage"), ("Dispatch", "s3:GetObject"),
                              ("Dispatch", "dynamodb:UpdateItem"), ("Usage", "dynamodb:Query"),
                              ("Api", "secretsmanager:CreateSecret"), ("Sync", "secretsmanager:GetSecretValue")}, seen)
        self.assertNotIn(("Api", "secretsmanager:GetSecretValue"), seen)

    def test_logs_name_nobody(self):
        lines = stack.logged()
        self.assertTrue([line for line in lines if "cannot work" in line], "the functions' logs are kept")
        told = [line for line in lines for word in PERSONAL if word in line]
        self.assertEqual(told, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
