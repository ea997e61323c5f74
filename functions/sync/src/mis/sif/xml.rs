//! XML from outside: no document type, no entities but the five that every document has, bounded in depth and size.

use quick_xml::XmlVersion;
use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::mis::MisError;

/// Elements within each other.
const DEEPEST: usize = 24;
/// Elements of one answer.
const MOST_ELEMENTS: usize = 1_000_000;

/// An element: its name without a prefix, attributes, own text and children.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// An attribute's value.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element on a path such as `MostRecent/YearLevel/Code`.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, name| node.children.iter().find(|child| child.name == name))
    }

    /// The text of the element on a path, without spaces around it; empty if there is none.
    pub(super) fn text(&self, path: &str) -> &str {
        self.at(path).map_or("", Self::own)
    }

    /// The element's own text.
    pub(super) fn own(&self) -> &str {
        self.text.trim()
    }
}

/// The objects in a list, which must be whole and of the names that were asked for.
pub(super) fn objects(bytes: &[u8], list: &str, object: &str) -> Result<Vec<Node>, MisError> {
    let root = document(bytes)?;
    if root.name != list || root.children.iter().any(|child| child.name != object) {
        return Err(MisError::Malformed("another list than the one asked for".to_owned()));
    }
    Ok(root.children)
}

/// The whole document's outermost element.
pub(super) fn document(bytes: &[u8]) -> Result<Node, MisError> {
    let malformed = |what: &str| MisError::Malformed(what.to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("XML that is not UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Node> = Vec::new();
    let mut root: Option<Node> = None;
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event().map_err(|error| unreadable(&error))?;
        let closed = match event {
            Event::Start(start) => {
                open.push(node(&start)?);
                None
            }
            Event::Empty(start) => Some(node(&start)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                add(&mut open, &text.xml10_content())?;
                continue;
            }
            Event::CData(text) => {
                add(&mut open, &text.xml10_content())?;
                continue;
            }
            Event::GeneralRef(reference) => {
                let known = letter(&reference).ok_or_else(|| malformed("XML with an entity of its own"))?;
                add(&mut open, known.encode_utf8(&mut [0; 4]))?;
                continue;
            }
            Event::DocType(_) => return Err(malformed("XML with a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            Event::Eof if open.is_empty() => {
                return root.ok_or(MisError::Truncated("the XML is empty"));
            }
            Event::Eof => return Err(MisError::Truncated("the XML ends early")),
        };
        elements += 1;
        if open.len() > DEEPEST || elements > MOST_ELEMENTS * 2 {
            return Err(MisError::TooLarge("an XML document"));
        }
        if let Some(closed) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(closed),
                None if root.is_none() => root = Some(closed),
                None => return Err(malformed("XML with two outermost elements")),
            }
        }
    }
}

fn unreadable(error: &Error) -> MisError {
    match error {
        // The other faults of syntax are all of something that was opened and not closed before the end.
        Error::Syntax(fault) if !matches!(fault, SyntaxError::InvalidBangMarkup) => {
            MisError::Truncated("the XML ends early")
        }
        _ => MisError::Malformed("XML that is not well formed".to_owned()),
    }
}

/// The letter that a reference stands for, unless the document says what it means.
fn letter(reference: &BytesRef<'_>) -> Option<char> {
    match reference.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

fn add(open: &mut [Node], text: &str) -> Result<(), MisError> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(MisError::Malformed("text outside of the XML".to_owned())),
    }
    Ok(())
}

fn node(start: &BytesStart<'_>) -> Result<Node, MisError> {
    let malformed = || MisError::Malformed("XML that is not well formed".to_owned());
    let local = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| malformed())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed())?;
        attributes.push((local(attribute.key.as_ref()), value.into_owned()));
    }
    Ok(Node { name: local(start.name().as_ref()), attributes, ..Node::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_texts() {
        let xml = "\u{feff}<?xml version='1.0'?><a:L xmlns:a='x'><O RefId='1'><N>O&apos;Hara &#x141;</N><E/></O></a:L>";
        let found = objects(xml.as_bytes(), "L", "O").unwrap();
        assert_eq!(found[0].attribute("RefId"), Some("1"));
        assert_eq!(found[0].text("N"), "O'Hara Ł");
        assert_eq!(found[0].text("E"), "");
        assert_eq!(found[0].text("None/Such"), "");
    }

    #[test]
    fn dangerous_and_broken_documents_are_refused() {
        let deep = format!("{}{}", "<L>".repeat(30), "</L>".repeat(30));
        let bomb = "<!DOCTYPE L [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><L>&b;</L>";
        let outside = "<!DOCTYPE L SYSTEM 'file:///etc/passwd'><L/>";
        for (xml, code) in [
            (bomb, "malformed"),
            (outside, "malformed"),
            ("<L>&own;</L>", "malformed"),
            ("<L><O></L>", "malformed"),
            ("<L/><L/>", "malformed"),
            ("hello", "malformed"),
            ("<X/>", "malformed"),
            ("<L><X/></L>", "malformed"),
            ("", "truncated"),
            ("<L><O>", "truncated"),
            ("<L><O RefI", "truncated"),
            (deep.as_str(), "too_large"),
        ] {
            assert_eq!(objects(xml.as_bytes(), "L", "O").unwrap_err().code(), code, "{xml}");
        }
        assert_eq!(document(b"<L>\xff</L>").unwrap_err().code(), "malformed");
    }
}
