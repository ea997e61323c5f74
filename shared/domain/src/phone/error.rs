//! What can be wrong with a number, said so that the person who typed it can put it right.

/// Why a text is not a usable phone number. `Display` is a sentence for a page: it never repeats the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing but spaces.
    #[error("Enter a phone number.")]
    Empty,
    /// Words or letters among the digits.
    #[error("A phone number cannot have letters in it. Take out the words and keep only the number.")]
    Letters,
    /// A character that no phone number has.
    #[error("A phone number cannot have “{}” in it. Use only digits, spaces, brackets, dashes and a + at the start.", .0.escape_default())]
    Character(char),
    /// A number with an extension behind it.
    #[error("Take off the extension: a message can only go to a full phone number.")]
    Extension,
    /// Two or more numbers in one field.
    #[error("There is more than one number here. Put each number in a field of its own.")]
    Several,
    /// Fewer digits than its country's numbers have.
    #[error("This number has too few digits. Enter the whole number with its area code.")]
    TooShort,
    /// More digits than its country's numbers have.
    #[error(
        "This number has too many digits. Check it; start a number from another country with + and its country code."
    )]
    TooLong,
    /// The right length, but no number of that country starts so.
    #[error("No phone number starts like this. Check the first digits with the person.")]
    NotInUse,
    /// One of the numbers that Ofcom keeps for drama.
    #[error(
        "This number is kept for films and examples and reaches nobody. Ask the person for their own number."
    )]
    NotReal,
    /// No country has this calling code.
    #[error("No country has this code. Check the digits after the + or the 00.")]
    UnknownCountry,
    /// A spreadsheet showed the number as `4.47E+11` and saved that.
    #[error(
        "The spreadsheet has shortened this number and its last digits are lost. Set the column to Text, type the number again and save."
    )]
    DigitsLost,
}
