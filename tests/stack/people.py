"""Who uses the product: a member of staff with a browser, and a partner with an API key."""

import html.parser
import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request


class Answer:
    """An HTTP answer, whatever its status."""

    def __init__(self, response):
        self.status, self.headers, self.url = response.status, response.headers, response.url
        self.bytes = response.read()

    @property
    def text(self):
        return self.bytes.decode()

    @property
    def json(self):
        return json.loads(self.bytes)

    def form(self, action):
        """The fields of the form that posts to `action`, filled as the page came: [(name, value)]."""
        reader = _Forms()
        reader.feed(self.text)
        if action not in reader.forms:
            raise AssertionError(f"{self.url} has no form {action}, only {list(reader.forms)}:\n{self.text}")
        return reader.forms[action]


class _Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self._fields, self._select, self._area = {}, None, None, None

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "form":
            self._fields = self.forms.setdefault(has.get("action", ""), [])
        if self._fields is None:
            return
        if tag == "input" and has.get("name"):
            ticked = has.get("type") not in ("checkbox", "radio") or "checked" in has
            if ticked and has.get("type") != "file":
                self._fields.append((has["name"], has.get("value") or ""))
        elif tag == "select":
            self._select = [has.get("name"), None]
        elif tag == "option" and self._select and (self._select[1] is None or "selected" in has):
            self._select[1] = has.get("value") or ""
        elif tag == "textarea":
            self._area = [has.get("name"), ""]

    def handle_data(self, data):
        if self._area:
            self._area[1] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._fields = None
        elif tag == "select" and self._select:
            self._fields.append((self._select[0], self._select[1] or ""))
            self._select = None
        elif tag == "textarea" and self._area:
            self._fields.append(tuple(self._area))
            self._area = None


class Browser:
    """Keeps cookies, follows redirects and says where a form was posted from, as browsers do."""

    def __init__(self, url):
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies)).open

    def _ask(self, request):
        try:
            return Answer(self._open(request, timeout=60))
        except urllib.error.HTTPError as refusal:
            return Answer(refusal)

    def get(self, path):
        return self._ask(urllib.request.Request(urllib.parse.urljoin(self.url, path)))

    def post(self, path, fields):
        return self._ask(urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode(), {
            "content-type": "application/x-www-form-urlencoded", "origin": self.url,
            "sec-fetch-site": "same-origin",
        }))

    def submit(self, page, action, **changes):
        """Posts a form of the page with some fields changed or added."""
        fields = [(n, v) for n, v in page.form(action) if n not in changes]
        return self.post(action, fields + list(changes.items()))

    def sign_in(self, username, password):
        return self.submit(self.get("/sign-in"), "/sign-in", username=username, password=password)


class Partner:
    """A partner's system."""

    def __init__(self, url, key):
        self.url, self.key = url, key

    def _ask(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {
            "authorization": f"Bearer {self.key}", "content-type": "application/json",
            **{k.replace("_", "-"): v for k, v in headers.items()}}, method=method)
        try:
            return Answer(urllib.request.urlopen(request, timeout=60))
        except urllib.error.HTTPError as refusal:
            return Answer(refusal)

    def get(self, path):
        answer = self._ask("GET", path)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {answer.text}")
        return answer.json

    def add(self, contacts):
        answer = self._ask("POST", "/api/v1/contacts/batch", {"contacts": contacts})
        if answer.status != 200 or answer.json["errors"]:
            raise AssertionError(f"{answer.status} {answer.text}")

    def send(self, key, text, purpose="service"):
        """Texts everyone; gives the message's id."""
        body = {"purpose": purpose, "channels": ["sms"], "to": {"everyone": True}, "sms": {"text": text}}
        answer = self._ask("POST", "/api/v1/messages", body, idempotency_key=key)
        if answer.status != 202:
            raise AssertionError(f"{answer.status} {answer.text}")
        return answer.json["id"]

    def message(self, id):
        return self.get(f"/api/v1/messages/{id}")

    def deliveries(self, id):
        """[(channel, address, state)] of a message, sorted."""
        found, path = [], f"/api/v1/messages/{id}/deliveries"
        page = self.get(path)
        while True:
            found += [(d["channel"], d["to"], d["state"]) for d in page["deliveries"]]
            if "next" not in page:
                return sorted(found)
            page = self.get(f"{path}?cursor={page['next']}")

    def usage(self, from_day, to_day):
        """Sums over the days: {figure: number}."""
        days = self.get(f"/api/v1/usage?from={from_day}&to={to_day}")["days"]
        figures = ("email_count", "sms_count", "sms_units", "voice_minutes")
        return {name: sum(day[name] for day in days) for name in figures}
