//! How long a post on X is, as X counts.
//!
//! X counts weights after NFC: most Latin characters 1, others 2, an emoji 2 whatever it is made of, an address on the
//! web 23 however long or short it is, with `https://` or without (docs.x.com, *Counting characters*, configuration
//! v3).

use icu_normalizer::ComposingNormalizerBorrowed;

/// Most weight of one post.
pub const MAX_WEIGHT: usize = 280;
/// Weight of a web address.
const URL_WEIGHT: usize = 23;
/// Joins emoji into one.
const JOINER: char = '\u{200D}';

/// Endings of countries' names on the web: a word such as `school.uk` is an address.
const COUNTRIES: &str = " ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo \
    bq br bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er \
    es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im \
    in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg \
    mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm \
    pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg \
    th tj tk tl tm tn to tp tr tt tv tw tz ua ug uk um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ";
/// Other endings that schools meet. X knows every one that there is; one that is not here and has no `https://` before
/// it is counted by its letters.
const OTHERS: &str = " academy aero agency app arpa art asia audio bike bingo bio biz blog book business cafe cam \
    camp capital care careers cat center charity church city cloud club coach codes coffee college com community \
    company computer consulting cool coop cymru dance date design dev digital directory earth edu education email \
    energy events exchange expert express family fit foundation fun fund fyi gallery games garden gives giving global \
    gov green group guide guru health help host house info ink institute int international jobs kids kitchen land law \
    life link live london love media mil mobi museum music name net network news ngo one ong online org page partners \
    parts party photo photos pics pictures place plus post press pro productions radio report rocks run sale school \
    schule science scot services shop show site social software solutions space sport store stream studio study style \
    support systems team tech technology tel theatre tickets tips today top tours town toys training travel tube \
    university video vote wales watch web website wiki win work works world xyz yoga zone ";

/// The weight of a text.
///
/// ```
/// assert_eq!(domain::content::weight("School is closed today."), 23);
/// assert_eq!(domain::content::weight("日本"), 4);
/// assert_eq!(domain::content::weight("See school.uk"), 4 + 23);
/// ```
pub fn weight(text: &str) -> usize {
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let (mut sum, mut plain) = (0, 0);
    let mut at = 0;
    let mut before = None;
    while let Some(c) = text[at..].chars().next() {
        if let Some((length, weight)) = address(before, &text[at..]) {
            sum += characters(&text[plain..at]) + weight;
            at += length;
            plain = at;
            before = text[..at].chars().next_back();
        } else {
            at += c.len_utf8();
            before = Some(c);
        }
    }
    sum + characters(&text[plain..])
}

/// The web address at the beginning of a text that follows `before`: its bytes and its weight.
fn address(before: Option<char>, text: &str) -> Option<(usize, usize)> {
    let sticks = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '＠' | '$' | '#' | '＃');
    if before.is_some_and(sticks) {
        return None;
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        if before.is_some_and(|c| matches!(c, '-' | '_' | '.' | '/')) {
            return None;
        }
        let host = known_host(text)?;
        return Some((host + path(&text[host..]), URL_WEIGHT));
    };
    let rest = &text[scheme.len()..];
    if let Some(host) = known_host(rest) {
        return Some((scheme.len() + host + path(&rest[host..]), URL_WEIGHT));
    }
    // X may know an ending that is not here, or none: the larger of both is never too small.
    let host = rest.find(|c| !in_host(c)).unwrap_or(rest.len());
    let length = scheme.len() + host + path(&rest[host..]);
    (host > 0).then(|| (length, URL_WEIGHT.max(characters(&text[..length]))))
}

const fn in_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// Bytes of the longest name of a host, with an ending that is known, at the beginning of a text.
fn known_host(text: &str) -> Option<usize> {
    let name = &text[..text.find(|c| !in_host(c)).unwrap_or(text.len())];
    let after = text[name.len()..].chars().next();
    let mut longest = None;
    let mut begins = 0;
    for (label, part) in name.split('.').enumerate() {
        let ends = begins + part.len();
        // Nothing of a name, a number or an e-mail address may follow at once.
        let is_whole = ends < name.len() || !after.is_some_and(|c| matches!(c, '@' | '+' | '_'));
        if part.is_empty() {
            break;
        }
        if label > 0 && is_whole && is_ending(part) {
            longest = Some(ends);
        }
        begins = ends + 1;
    }
    longest
}

fn is_ending(label: &str) -> bool {
    let word = format!(" {} ", label.to_ascii_lowercase());
    COUNTRIES.contains(&word) || OTHERS.contains(&word) || word.starts_with(" xn--")
}

/// Bytes of a port, a path and what follows it; the comma after an address is no part of it.
fn path(rest: &str) -> usize {
    if !rest.starts_with(['/', '?', '#', ':']) {
        return 0;
    }
    let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
    let ends_with = |c: char| !c.is_alphanumeric() && !matches!(c, '=' | '_' | '#' | '/' | '+' | '-');
    word.trim_end_matches(ends_with).len()
}

fn characters(text: &str) -> usize {
    let mut sum = 0;
    let mut joined = false;
    let mut flag = false;
    for c in text.chars() {
        let part_of_the_one_before = matches!(c, JOINER | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}');
        let regional = matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
        if part_of_the_one_before || joined || (regional && flag) {
            joined = c == JOINER;
            flag = false;
            continue;
        }
        flag = regional;
        sum += if is_light(c) { 1 } else { 2 };
    }
    sum
}

const fn is_light(c: char) -> bool {
    matches!(c as u32, 0..=4_351 | 8_192..=8_205 | 8_208..=8_223 | 8_242..=8_247)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_as_long_as_x_says() {
        for (text, expected) in [
            ("", 0),
            ("School is closed", 16),
            ("cafe\u{301}", 4),
            ("“Closed” – snow", 15),
            ("日本", 4),
            ("\u{1F600}", 2),
            ("\u{1F44D}\u{1F3FD}", 2),
            ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", 2),
            ("\u{1F1EC}\u{1F1E7}", 2),
            ("\u{1F1EC}\u{1F1E7}\u{1F1EB}\u{1F1F7}", 4),
            ("see https://example.com/a/very/long/address/that/goes/on/and/on now", 31),
            ("http://a.example", 23),
            ("school.uk", 23),
            ("See www.hillview.sch.uk/closed?day=1, please", 4 + 23 + 8),
            ("(hillview.com)", 25),
            ("HILLVIEW.COM.", 24),
            ("https://hillview.com/a.", 24),
            ("a.com b.com", 23 + 1 + 23),
            ("a.com/b.com", 23),
            ("office@hillview.sch.uk", 22),
            ("joe.me@hillview.sch.uk", 22),
            ("@hillview.com", 13),
            ("Mr.Smith at 9.30am, i.e. soon", 29),
            ("No colour.Today", 3 + 23),
            ("http://", 7),
            ("日本.jp", 7),
            ("a..com", 6),
            ("a\nb", 3),
        ] {
            assert_eq!(weight(text), expected, "{text:?}");
        }
        assert_eq!(weight(&"x".repeat(MAX_WEIGHT)), MAX_WEIGHT);
    }
}
