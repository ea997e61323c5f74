//! Names to make people up from.

pub(super) const FORENAMES: [&str; 60] = [
    "Amara", "Aisha", "Alfie", "Anya", "Arjun", "Beatrix", "Ben", "Bronwen", "Callum", "Carys", "Chidi", "Cleo",
    "Dafydd", "Daisy", "Dylan", "Ebony", "Eilidh", "Elin", "Emeka", "Esme", "Farah", "Fergus", "Finn", "Freya",
    "George", "Grace", "Gwen", "Hamza", "Hari", "Holly", "Idris", "Imogen", "Isla", "Ivo", "Jaya", "Joss", "Kai",
    "Kezia", "Leila", "Leo", "Lowri", "Maeve", "Malik", "Mina", "Morgan", "Nadia", "Niamh", "Noah", "Olive", "Omar",
    "Priya", "Quinn", "Rhys", "Rosa", "Samir", "Seren", "Tariq", "Una", "Wren", "Zoë",
];

pub(super) const ADULTS: [&str; 48] = [
    "Adele", "Ahmed", "Alun", "Angela", "Bryn", "Camille", "Catrin", "Clive", "Delyth", "Derek", "Dilip", "Elaine",
    "Errol", "Fatima", "Fiona", "Gareth", "Gita", "Glenda", "Hassan", "Heidi", "Hugh", "Ines", "Ivan", "Jocelyn",
    "Karim", "Kerry", "Lesley", "Lorna", "Manjit", "Marek", "Meera", "Mervyn", "Nerys", "Nigel", "Odile", "Owen",
    "Parvati", "Petra", "Ravi", "Rhona", "Rosalind", "Siân", "Stefan", "Tamsin", "Ursula", "Vikram", "Yusuf", "Zara",
];

pub(super) const SURNAMES: [&str; 72] = [
    "Abbot", "Adeyemi", "Ainsley", "Ashdown", "Atherley", "Balewa", "Barrowman", "Bexley", "Birchall", "Brackenridge",
    "Calloway", "Chaudhry", "Coldbeck", "Copperfield", "Darrowby", "Desai", "Dunmore", "Eastgate", "Ellery", "Fairburn",
    "Fennimore", "Foxley", "Gallowhill", "Garside", "Greenhalgh", "Hartley-Rowe", "Hazelwood", "Holloway", "Ibekwe",
    "Ingleby", "Jessop", "Kershaw", "Kilbride", "Lambourne", "Larkspur", "Lindqvist", "Longmire", "Mahmood",
    "Marchbanks", "Merriweather", "Moorcroft", "Nakamura", "Netherby", "Northcott", "O'Hanlon", "Okafor", "Oldroyd",
    "Pemberton", "Penhaligon", "Quayle", "Qureshi", "Ravenscroft", "Redfearn", "Rosewarne", "Sandringford", "Saxby",
    "Sedgewick", "Silverdale", "Stanhope", "Tattersall", "Thistlewood", "Trelawney", "Umarov", "Underhill", "Varley",
    "Vasquez", "Wetherby", "Whitlock", "Winterbourne", "Yarrow", "Yildiz", "Zeleny",
];
