"""What every answer of the JSON API promises beyond its schema."""

import schemathesis

GUARDS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


def header(response, name):
    values = response.headers.get(name) or [""]
    return values[0]


@schemathesis.check
def answers_are_guarded_and_named(ctx, response, case):
    for name, value in GUARDS.items():
        assert header(response, name) == value, f"{name} is {header(response, name)!r}"
    assert "default-src 'self'" in header(response, "content-security-policy")
    assert header(response, "cache-control")
    assert len(header(response, "x-request-id")) == 26


@schemathesis.check
def errors_are_problems(ctx, response, case):
    if response.status_code < 400 or case.method == "HEAD":
        return
    assert header(response, "content-type") == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"] and problem["detail"]
    for error in problem["errors"]:
        assert error["message"].strip(), "an error without a message"
    if response.status_code == 422:
        assert problem["errors"], "422 that does not say what to mend"
    if response.status_code == 401:
        assert header(response, "www-authenticate").startswith("Bearer")
    if response.status_code == 503:
        assert header(response, "retry-after").isdigit()


@schemathesis.check
def no_row_is_passed_over(ctx, response, case):
    """Each row of a batch was kept or done, or is named with what is wrong with it; a bad request keeps nothing."""
    if case.path != "/api/v1/contacts/batch" or response.status_code != 200:
        return
    answer = response.json()
    lists = {name: len(case.body.get(name) or []) for name in ("contacts", "pupils", "relationships", "deletions")}
    bad = {(error.get("list", "contacts"), error["index"]) for error in answer["errors"]}
    done = answer["created"] + answer["updated"] + answer.get("relationships", 0) + answer.get("deleted", 0)
    assert done + len(bad) == sum(lists.values())
    assert all(0 <= index < lists[name] for name, index in bad)
    if case.meta is not None and case.meta.generation.mode.value == "negative":
        assert bad, "a row that breaks the schema was taken"
