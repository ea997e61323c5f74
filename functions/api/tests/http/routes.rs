//! Every route, and who may use it. The list is held to the source: a new route fails here until somebody has said who
//! may use it.

use std::path::Path;

/// Routes of the staff pages, and the roles of which one is enough. `admin` opens pages (GET) on top of that, and does
/// nothing (POST) by itself. `user`: everybody who may sign in. Ids in braces are filled with things that exist.
pub(crate) const STAFF: &[(&str, &str, &str)] = &[
    ("GET", "/", "user"),
    ("GET", "/tools", "user"),
    ("GET", "/preferences", "user"),
    ("POST", "/preferences/details", "user"),
    ("POST", "/preferences/confirm-email", "user"),
    ("POST", "/preferences/password", "user"),
    ("POST", "/preferences/compose", "user"),
    ("POST", "/preferences/sessions/end", "user"),
    ("GET", "/preferences/second-factor", "user"),
    ("POST", "/preferences/second-factor", "user"),
    ("POST", "/preferences/second-factor/off", "user"),
    ("POST", "/preferences/second-factor/codes", "user"),
    ("GET", "/send", "composeMessage"),
    ("POST", "/send", "composeMessage"),
    ("POST", "/send/live", "composeMessage"),
    ("GET", "/send/find", "composeMessage"),
    ("GET", "/absence", "composeMessage"),
    ("POST", "/absence", "composeMessage"),
    ("GET", "/history", "messageHistory"),
    ("GET", "/messages/{id}", "messageHistory"),
    ("GET", "/messages/{id}/live", "messageHistory"),
    ("GET", "/messages/{id}/deliveries", "messageHistory"),
    ("POST", "/messages/{id}/stop", "authoriseMessage"),
    ("POST", "/messages/{id}/resend", "authoriseMessage"),
    ("POST", "/messages/{id}/send-unsynced", "authoriseMessage"),
    ("GET", "/authorise", "authoriseMessage"),
    ("GET", "/authorise/{id}", "authoriseMessage"),
    ("POST", "/authorise/{id}/approve", "authoriseMessage"),
    ("POST", "/authorise/{id}/reject", "authoriseMessage"),
    ("GET", "/authorise/{id}/edit", "authoriseMessage"),
    ("POST", "/authorise/{id}/edit", "authoriseMessage"),
    ("GET", "/audit", "admin"),
    ("GET", "/audit.xlsx", "admin"),
    ("GET", "/audit.csv", "admin"),
    ("GET", "/contacts", "addContact editContact"),
    ("POST", "/contacts/delete", "editContact"),
    ("GET", "/contacts/new", "addContact"),
    ("POST", "/contacts/new", "addContact"),
    ("GET", "/contacts/{id}", "addContact editContact"),
    ("POST", "/contacts/{id}", "editContact"),
    ("POST", "/contacts/{id}/delete", "editContact"),
    ("POST", "/contacts/{id}/overrides", "editContact"),
    ("GET", "/contacts/{id}/bar", "addContact editContact"),
    ("POST", "/contacts/{id}/bar", "editContact"),
    ("GET", "/settings", "preferences"),
    ("POST", "/settings/{group}", "preferences"),
    ("POST", "/settings/logo", "preferences"),
    ("POST", "/settings/logo/remove", "preferences"),
    ("POST", "/settings/x/link", "preferences"),
    ("GET", "/settings/x/back", "preferences"),
    ("POST", "/settings/x/unlink", "preferences"),
    ("GET", "/logo/{file}", "user"),
    ("GET", "/settings/mis", "preferences"),
    ("POST", "/settings/mis", "preferences"),
    ("GET", "/settings/mis/live", "preferences"),
    ("POST", "/settings/mis/test", "preferences"),
    ("POST", "/settings/mis/files", "preferences"),
    ("GET", "/settings/mis/files/{id}", "preferences"),
    ("GET", "/settings/mis/files/{id}/live", "preferences"),
    ("POST", "/settings/mis/files/{id}/uploaded", "preferences"),
    ("POST", "/settings/mis/files/{id}/columns", "preferences"),
    ("POST", "/settings/mis/files/{id}/run", "preferences"),
    ("GET", "/settings/keys", "preferences"),
    ("POST", "/settings/keys", "preferences"),
    ("POST", "/settings/keys/{id}/rotate", "preferences"),
    ("POST", "/settings/keys/{id}/revoke", "preferences"),
    ("GET", "/sync", "user"),
    ("GET", "/sync/live", "user"),
    ("POST", "/sync", "user"),
    ("POST", "/sync/bars", "preferences admin"),
    ("POST", "/sync/{id}/apply", "preferences admin"),
    ("POST", "/sync/{id}/discard", "preferences admin"),
    ("GET", "/release-notes", "user"),
    ("GET", "/users", "manageUser"),
    ("GET", "/users/new", "manageUser admin"),
    ("POST", "/users/new", "manageUser admin"),
    ("GET", "/users/profiles", "manageUser"),
    ("GET", "/users/profiles/new", "manageUser admin"),
    ("POST", "/users/profiles/new", "manageUser admin"),
    ("GET", "/users/profiles/{id}", "manageUser"),
    ("POST", "/users/profiles/{id}", "manageUser admin"),
    ("POST", "/users/profiles/{id}/delete", "manageUser admin"),
    ("GET", "/users/{id}", "manageUser"),
    ("POST", "/users/{id}/roles", "manageUser admin"),
    ("POST", "/users/{id}/groups", "manageUser admin"),
    ("POST", "/users/{id}/disable", "manageUser admin"),
    ("POST", "/users/{id}/enable", "manageUser admin"),
    ("POST", "/users/{id}/delete", "manageUser admin"),
    ("POST", "/users/{id}/link", "manageUser admin"),
    ("GET", "/usage", "messageHistory"),
    ("GET", "/usage.xlsx", "messageHistory"),
    ("GET", "/upload", "uploadData"),
    ("POST", "/upload", "uploadData"),
    ("GET", "/upload/{id}", "uploadData"),
    ("GET", "/upload/{id}/live", "uploadData"),
    ("POST", "/upload/{id}/uploaded", "uploadData"),
    ("POST", "/upload/{id}/columns", "uploadData"),
    ("POST", "/upload/{id}/confirm", "uploadData"),
    ("POST", "/upload/{id}/discard", "uploadData"),
];

/// Routes that are not for signed-in staff: open to all, or guarded by a key or a signature, each with tests of its
/// own.
pub(crate) const OTHERS: &[&str] = &[
    "GET /healthz",
    "GET /assets/{hash}/{name}",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "POST /sign-in/second",
    "GET /forgotten",
    "POST /forgotten",
    "GET /forgotten/code",
    "POST /forgotten/code",
    "GET /password/{token}",
    "POST /password/{token}",
    "GET /change-password",
    "POST /change-password",
    "GET /confirm-email/{token}",
    "POST /confirm-email/{token}",
    "GET /school",
    "POST /school",
    "GET /api/openapi.json",
    "POST /api/v1/contacts/batch",
    "POST /api/v1/messages",
    "POST /api/v1/messages/preview",
    "GET /api/v1/messages/{id}",
    "GET /api/v1/messages/{id}/deliveries",
    "POST /api/v1/messages/{id}/stop",
    "POST /api/v1/messages/{id}/resend",
    "POST /api/v1/sync-files",
    "POST /api/v1/sync-runs",
    "GET /api/v1/sync-runs/{id}",
    "GET /api/v1/usage",
    "POST /hooks/twilio/status/{reference}",
    "POST /hooks/twilio/inbound",
];

/// Method and path of every `.route(…)` in the source, tests aside.
fn routes_in(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes_in(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for route in text.split(".route(").skip(1) {
            let place = route.split('"').nth(1).unwrap();
            let handlers = route.split_once(',').unwrap().1.split(';').next().unwrap();
            let handlers = handlers.split(".route(").next().unwrap();
            for (verb, method) in [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE")]
            {
                let named = handlers
                    .match_indices(verb)
                    .any(|(at, _)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
                if named {
                    found.push(format!("{method} {place}"));
                }
            }
        }
    }
}

#[test]
fn every_route_has_its_place_in_the_tables() {
    let mut found = Vec::new();
    routes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30, "{found:?}");
    let listed: Vec<String> = STAFF.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    for route in &found {
        assert!(listed.contains(route) || OTHERS.contains(&route.as_str()), "who may use {route}?");
    }
    for route in listed.iter().map(String::as_str).chain(OTHERS.iter().copied()) {
        assert!(found.iter().any(|f| f == route), "{route} is gone");
    }
}
