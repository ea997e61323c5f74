//! Files that are wrong: what is said, and that nothing is left behind.

use domain::contact::PhoneLabel;
use domain::import::Stage;

use super::office::{Office, parents};

const LIST: &str = "id,forename,surname,mobile\n1,Zoë,Exámple,07700900123\n2,Ann,O’Example,07700900124\n";

fn utf16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_is_read_and_a_guess_is_said() {
    let with_mark = ["\u{feff}", LIST].concat().into_bytes();
    let (little, big) =
        (utf16(LIST, [0xff, 0xfe], u16::to_le_bytes), utf16(LIST, [0xfe, 0xff], u16::to_be_bytes));
    let latin: Vec<u8> =
        LIST.chars().map(|c| if c == '’' { 0x92 } else { u8::try_from(u32::from(c)).unwrap() }).collect();
    for (name, bytes, notes) in [
        ("UTF-8", LIST.as_bytes(), 0),
        ("mark", &with_mark, 0),
        ("LE", &little, 0),
        ("BE", &big, 0),
        ("Latin-1", &latin, 1),
    ] {
        let office = Office::open().await;
        let (_, inspected) = office.inspected(bytes).await;
        assert_eq!(inspected.notes.len(), notes, "{name}");
        assert_eq!(inspected.columns[0].name, "id", "{name}");
        office.imported(bytes).await;
        let book = office.book().await;
        assert_eq!((book[0].forename.as_str(), book[0].surname.as_str()), ("Zoë", "Exámple"), "{name}");
        assert_eq!(
            (book[1].surname.as_str(), book[1].number(PhoneLabel::Mobile)),
            ("O’Example", Some("+447700900124"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_list_says_what_to_do_and_goes() {
    let office = Office::open().await;
    let too_large = vec![b'x'; 20 * 1024 * 1024 + 1];
    let too_many = parents(100_001).into_bytes();
    for (name, bytes, said) in [
        ("empty", &b""[..], "This file is empty"),
        ("blank", b"\r\n\r\n", "This file is empty"),
        ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "not a list"),
        ("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a list"),
        ("old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "old Excel workbook"),
        ("headings only", b"id,forename\n", "no rows below"),
        ("no headings", b"1,Ann,07700900123\n", "no headings"),
        ("one column", b"names\nAnn\n", "Only one column"),
        ("doubled", b"id,forename,mobile,mobile\n1,Ann,07700900123,x\n", "(C and D)"),
        ("too large", &too_large, "larger than 20 MB"),
        ("too many rows", &too_many, "more than 100000 rows"),
        ("truncated zip", b"PK\x03\x04\x14\0\0\0\x08\0", "damaged"),
    ] {
        let reason = office.refused(bytes).await;
        assert!(reason.contains(said), "{name}: {reason}");
        assert!(office.files.is_empty(), "{name}");
    }
    let never = office.upload_nothing().await;
    office.work().await;
    assert!(office.reason(never).await.contains("did not arrive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_columns_are_said_and_can_be_chosen() {
    let office = Office::open().await;
    let (_, inspected) = office.inspected(b"key,who\n1,Ann\n").await;
    let said: Vec<String> = inspected.missing().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2);
    assert!(said[0].contains("each person’s ID") && said[1].contains("forename"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows_are_checked_whole() {
    let office = Office::open().await;
    let list = parents(100_000).replace("P099999,Ms,Ann99999", "P099998,Ms,Ann99999");
    let (id, report) = office.checked(list.as_bytes()).await;
    assert_eq!((report.rows, report.good, report.errors), (100_000, 99_998, 2));
    let rows: Vec<u32> = office.errors(id).await.iter().map(|f| f.row).collect();
    assert_eq!(rows, [100_000, 100_001]);
    // Every good row is put by once.
    let mut kept = 0;
    for part in 0..report.parts {
        kept += office.school.imports().part(id, part).await.unwrap().len();
    }
    assert_eq!(kept, 99_998);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_in_its_place_is_noticed() {
    let office = Office::open().await;
    let (id, _) = office.inspected(LIST.as_bytes()).await;
    let key = domain::import::file_key(office.school.id(), id);
    office.files.put(&key, b"id,surname,forename,mobile\n1,Zoe,Example,07700900123\n");
    office.choose(id).await;
    office.work().await;
    assert!(office.reason(id).await.contains("has changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_a_good_row_is_checked_and_puts_nothing_by() {
    let office = Office::open().await;
    let (id, report) = office.checked(b"id,forename,mobile\n,Ann,x\n,Bea,y\n").await;
    assert_eq!((report.good, report.bad(), report.errors, report.parts), (0, 2, 4, 0));
    assert_eq!(office.errors(id).await.len(), 4);
    assert!(matches!(office.stage(id).await, Stage::Checked(_)));
}
